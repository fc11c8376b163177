import { ApiPropertyOptional } from '@nestjs/swagger';
import { ValidateIf } from 'class-validator';

const AsItIs = (): PropertyDecorator => ValidateIf(() => false);
const LOGS = [
  {
    timestamp: '2025-01-08T10:30:00Z',
    user_id: 'user-123',
    device_id: 'mobile-abc',
    result: 'success',
    method: 'ecdsa_proof',
    duration_ms: 150,
  },
];

/** A batch of access logs (6.3), plain or encrypted; `readAccessLogBatch` checks both. */
export class AccessLogsRequest {
  @ApiPropertyOptional({ example: 'beacon-gate-5' })
  @AsItIs()
  beacon_id?: unknown;

  @ApiPropertyOptional({ example: 'mall-a-uuid', description: 'The entity of the token.' })
  @AsItIs()
  entity_id?: unknown;

  @ApiPropertyOptional({ type: 'array', items: { type: 'object' }, maxItems: 100, example: LOGS })
  @AsItIs()
  logs?: unknown;

  @ApiPropertyOptional({ example: 'batch-001' })
  @AsItIs()
  batch_id?: unknown;

  @ApiPropertyOptional({ type: 'integer', example: 1, description: 'How many logs there are.' })
  @AsItIs()
  total_logs?: unknown;

  @ApiPropertyOptional({ example: 'req-001', description: 'The access_log_request that this answers.' })
  @AsItIs()
  request_id?: unknown;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { type: 'string' },
    description: 'Instead of the rest: the same JSON, encrypted (docs/beacon-authentication.md).',
    example: { encryptedData: '…', encryptedKey: '…', iv: '…', authTag: '…' },
  })
  @AsItIs()
  encrypted?: unknown;
}
