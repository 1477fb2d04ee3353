// The one way to pay that this shop can take by itself: Medusa's manual provider, where the merchant collects the money later.
// Any other provider needs scripts of its own and is not offered.
export const MANUAL_PAYMENT = {
  id: 'pp_system_default',
  label: 'Pay later',
  explanation: 'Nothing is charged now. We will get in touch with you about the payment.',
} as const;
