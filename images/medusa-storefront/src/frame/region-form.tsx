'use client';
// The choice of region; it applies itself with scripts and by its button without.
import { chooseRegion } from '../cart/cart-actions.ts';
import styles from './footer.module.css';

interface RegionFormProps {
  currentId: string;
  regions: { id: string; label: string }[];
}

export function RegionForm({ currentId, regions }: RegionFormProps) {
  return (
    <form action={chooseRegion} className={styles.region}>
      <label htmlFor="region">Region</label>
      <select
        key={currentId}
        id="region"
        name="region"
        defaultValue={currentId}
        onChange={(event) => event.currentTarget.form?.requestSubmit()}
      >
        {regions.map(({ id, label }) => (
          <option key={id} value={id}>
            {label}
          </option>
        ))}
      </select>
      <button type="submit" className="without-scripts">
        Change
      </button>
    </form>
  );
}
