import type { Type } from '@nestjs/common';
import { createValidationPipe } from '../http/validation.pipe.js';

const pipe = createValidationPipe();

/** Checks the texts of a form as a JSON body is checked. @throws MusterError `VALIDATION_FAILED` */
export async function readFields<T extends object>(fields: Type<T>, texts: object): Promise<T> {
  const read: unknown = await pipe.transform(texts, { type: 'body', metatype: fields });
  if (read instanceof fields) return read;
  throw new TypeError(`the texts of a form did not become ${fields.name}`);
}
