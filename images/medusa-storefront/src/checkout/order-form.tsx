'use client';
// Delivery, payment and the button that orders. With scripts the total follows the delivery picked at once; without them the
// order is placed with the delivery that was sent, whose price stands beside it.
import { useActionState, useState, useTransition } from 'react';
import { SubmitButton } from '../parts/submit-button.tsx';
import styles from './checkout.module.css';
import { pickDelivery, placeOrder } from './checkout-actions.ts';
import { Problem } from './problem.tsx';

export interface DeliveryChoice {
  id: string;
  name: string;
  detail: string | null;
  price: string;
}

interface OrderFormProps {
  deliveries: DeliveryChoice[];
  pickedId: string | undefined;
  payment: { label: string; explanation: string };
  total: string;
}

export function OrderForm({ deliveries, pickedId, payment, total }: OrderFormProps) {
  const [outcome, send] = useActionState(placeOrder, { message: null, at: 0 });
  const [picked, setPicked] = useState(pickedId);
  const [pickProblem, setPickProblem] = useState<string | null>(null);
  const [isPicking, startPicking] = useTransition();
  const pick = (id: string) => {
    setPicked(id);
    startPicking(async () => setPickProblem((await pickDelivery(id)).message));
  };
  return (
    <form action={send} className={styles.order}>
      <fieldset className={styles.choices} aria-busy={isPicking}>
        <legend>Delivery</legend>
        {pickProblem !== null && <Problem>{pickProblem}</Problem>}
        {deliveries.map((delivery) => (
          // React resets a form once it was sent, and a reset radio button forgets what was picked: begin anew.
          <label key={`${delivery.id} ${outcome.at}`} className={styles.choice}>
            <input
              type="radio"
              name="delivery"
              value={delivery.id}
              checked={picked === delivery.id}
              onChange={() => pick(delivery.id)}
            />
            <span className={styles.choiceWords}>
              <span>{delivery.name}</span>
              {delivery.detail !== null && <span className={styles.detail}>{delivery.detail}</span>}
            </span>
            <span>{delivery.price}</span>
          </label>
        ))}
      </fieldset>
      <fieldset className={styles.choices}>
        <legend>Payment</legend>
        <label className={styles.choice}>
          <input type="radio" name="payment" value="later" defaultChecked />
          <span className={styles.choiceWords}>
            <span>{payment.label}</span>
            <span className={styles.detail}>{payment.explanation}</span>
          </span>
        </label>
      </fieldset>
      {outcome.message !== null && <Problem key={outcome.at}>{outcome.message}</Problem>}
      <div className={styles.submit}>
        <SubmitButton pendingText="Placing your order…" isDisabled={isPicking}>
          Place order · {total}
        </SubmitButton>
      </div>
    </form>
  );
}
