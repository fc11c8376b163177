import type { Type } from '@nestjs/common';
import { type ApiBodyOptions, getSchemaPath } from '@nestjs/swagger';

/** How the API documents show a form with a binary beside its texts. */
export function formOf(fields: Type): ApiBodyOptions {
  return {
    schema: {
      allOf: [
        { $ref: getSchemaPath(fields) },
        { type: 'object', required: ['file'], properties: { file: { type: 'string', format: 'binary' } } },
      ],
    },
  };
}
