import { z } from 'zod';
import { COUNTRY_CODES } from './countries.ts';
import { textSchema } from './text.ts';

const line = textSchema({ codePointsMax: 200 });

/** As people write them, `+1 (212) 555-0100` or `(030) 1234567`: five to twenty digits with separators between them. */
export const phoneSchema = z
  .string()
  .max(32)
  .regex(/^(?:\+|\+?\()?[0-9](?:[ ()./-]{0,3}[0-9]){4,19}$/, 'expected a phone number such as +49 30 1234567');

export const countrySchema = z
  .string()
  .refine((code) => COUNTRY_CODES.has(code), 'expected an ISO 3166 alpha-2 code such as DE');

/** A postal address as a client sends it. Null and left out are the same for the optional fields. */
export const addressInputSchema = z.strictObject({
  name: line,
  line1: line,
  line2: line.nullish(),
  city: line,
  postalCode: textSchema({ codePointsMax: 20 }),
  country: countrySchema,
  phone: phoneSchema.nullish(),
});

/** A postal address as the platform answers it and puts it into events; texts are "" once the user is erased. */
export const addressSchema = z.object({
  name: z.string(),
  line1: z.string(),
  line2: z.string().nullable(),
  city: z.string(),
  postalCode: z.string(),
  country: z.string(),
  phone: z.string().nullable(),
});
export type Address = z.infer<typeof addressSchema>;
