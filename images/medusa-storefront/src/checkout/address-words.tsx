// An address as it would stand on a parcel.
import type { Address } from '../backend/shapes.ts';
import { nameCountry } from '../parts/country-name.ts';

export function AddressWords({ address }: { address: Address }) {
  const lines = [
    [address.first_name, address.last_name],
    [address.company],
    [address.address_1],
    [address.address_2],
    [address.postal_code, address.city],
    [address.province],
    [address.country_code === null ? null : nameCountry(address.country_code)],
  ].map((parts) => parts.filter(Boolean).join(' '));
  return lines
    .filter((line) => line !== '')
    .map((line) => (
      <span key={line}>
        {line}
        <br />
      </span>
    ));
}
