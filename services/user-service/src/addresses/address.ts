import { addressInputSchema, addressSchema } from '@souk/contracts';
import { z } from 'zod';

/** A postal address as a client sends it. */
export const ownAddressInputSchema = addressInputSchema.meta({ id: 'AddressInput' });
export type AddressInput = z.infer<typeof addressInputSchema>;

export const ownAddressSchema = z.object({ id: z.uuid(), ...addressSchema.shape }).meta({ id: 'OwnAddress' });
export type OwnAddressAnswer = z.infer<typeof ownAddressSchema>;

/** An entry of a user's address book. */
export interface OwnAddress extends OwnAddressAnswer {
  createdAt: Date;
}

export function fromAddressRow(row: OwnAddress): OwnAddress {
  return { ...toAddressAnswer(row), createdAt: row.createdAt };
}

export function toAddressAnswer(address: OwnAddress): OwnAddressAnswer {
  return {
    id: address.id,
    name: address.name,
    line1: address.line1,
    line2: address.line2,
    city: address.city,
    postalCode: address.postalCode,
    country: address.country,
    phone: address.phone,
  };
}
