import { BadRequestException, NotFoundException } from '@nestjs/common';
import { MusterError } from '#libs/contracts';
import { toHttpError } from './http.errors.js';

describe('toHttpError', () => {
  it.each([
    [new NotFoundException('Cannot GET /nowhere'), 'ROUTE_NOT_FOUND', 404],
    [new BadRequestException('bad'), 'VALIDATION_FAILED', 400],
    [
      new BadRequestException('bad', {
        cause: Object.assign(new Error('x'), { code: 'FST_ERR_CTP_INVALID_JSON_BODY' }),
      }),
      'MALFORMED_JSON',
      400,
    ],
    [
      Object.assign(new Error('too large'), { statusCode: 413, code: 'FST_ERR_CTP_BODY_TOO_LARGE' }),
      'PAYLOAD_TOO_LARGE',
      413,
    ],
    [
      Object.assign(new Error('media'), { statusCode: 415, code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE' }),
      'UNSUPPORTED_MEDIA_TYPE',
      415,
    ],
    [new MusterError('ROBOT_DISABLED', 'RB-1 is disabled'), 'ROBOT_DISABLED', 409],
  ])('maps %s', (error, code, status) => {
    expect(toHttpError(error)).toMatchObject({ code, status });
  });

  it('tells a caller nothing of what nobody planned', () => {
    for (const error of [new Error('password is "word"'), 'word', undefined, { statusCode: 200 }]) {
      const known = toHttpError(error);
      expect(known).toMatchObject({ code: 'INTERNAL_ERROR', status: 500, details: {} });
      expect(known.message).not.toContain('word');
    }
  });
});
