import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { MusterError, parseInstant, ROUTES } from '#libs/contracts';
import { pageQuery } from '../http/page.query.js';
import { IsInstant } from '../http/instant.field.js';
import { AlsoNamed } from '../http/query.names.js';
import { NO_NUL } from '../http/storable.text.js';
import { AUDIT_OUTCOMES, type AuditFilter, type AuditOutcome, type StoredEntry } from './audit.repository.js';

const CURSOR = /^\d{1,15}$/;
const LONGEST = 200;

export class AuditQuery extends pageQuery({ usual: 50, max: 500 }) {
  @ApiPropertyOptional({ example: 'user:5f0c…', description: 'Who acted: user:<id>, key:<id>, orchestrator:<id> …' })
  @IsOptional()
  @IsString()
  @MaxLength(LONGEST)
  @Matches(NO_NUL)
  actor?: string;

  @ApiPropertyOptional({ example: 'mall-a-uuid', description: 'The entity of the path, or of the device’s token.' })
  @AlsoNamed('entityId')
  @IsOptional()
  @IsString()
  @MaxLength(LONGEST)
  @Matches(NO_NUL)
  entity_id?: string;

  @ApiPropertyOptional({ enum: Object.keys(ROUTES), description: 'What was done or tried, as the routes are named.' })
  @IsOptional()
  @IsString()
  @MaxLength(LONGEST)
  @Matches(NO_NUL)
  action?: string;

  @ApiPropertyOptional({ enum: AUDIT_OUTCOMES, description: 'refused: 401 or 403; failed: any other error.' })
  @IsOptional()
  @IsIn(AUDIT_OUTCOMES)
  outcome?: AuditOutcome;

  @ApiPropertyOptional({ example: 'AUTH_INVALID_SIGNATURE', description: 'The error that was answered.' })
  @IsOptional()
  @IsString()
  @MaxLength(LONGEST)
  @Matches(NO_NUL)
  code?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'The first instant that counts. Also named `since`.' })
  @AlsoNamed('since')
  @IsOptional()
  @IsInstant()
  from?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'The first that no longer counts. Also named `until`.' })
  @AlsoNamed('until')
  @IsOptional()
  @IsInstant()
  to?: string;
}

export class AuditEntryResponse {
  @ApiProperty({ example: '1042', description: 'Rises in the order in which entries were written.' })
  id!: string;

  @ApiProperty({ format: 'date-time' })
  at!: string;

  @ApiProperty()
  request_id!: string;

  @ApiProperty({ type: String, nullable: true, example: 'user:5f0c…', description: 'Null for a caller without proof.' })
  actor!: string | null;

  @ApiProperty({ type: String, nullable: true })
  actor_name!: string | null;

  @ApiProperty({ enum: ['user', 'apiKey', 'foreign', 'machine', 'anonymous'] })
  actor_kind!: string;

  @ApiProperty({ type: [String] })
  roles!: readonly string[];

  @ApiProperty({ example: 'entitiesDelete', description: 'The route, as the table of routes names it.' })
  action!: string;

  @ApiProperty({ type: String, nullable: true })
  entity_id!: string | null;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, description: 'Parameters of the path.' })
  targets!: Readonly<Record<string, string>>;

  @ApiProperty({ example: 403, description: 'HTTP status of the answer.' })
  status!: number;

  @ApiProperty({ type: String, nullable: true, example: 'ENTITY_ACCESS_DENIED' })
  code!: string | null;

  @ApiProperty({ type: String, nullable: true })
  address!: string | null;

  @ApiProperty({ type: String, nullable: true })
  user_agent!: string | null;

  @ApiProperty({ example: 1, description: 'How many equal refusals this entry stands for.' })
  count!: number;
}

export function toFilter({ actor, entity_id, action, outcome, code, from, to }: AuditQuery): AuditFilter {
  return { actor, entityId: entity_id, action, outcome, code, from: toDate(from), to: toDate(to) };
}

/** @throws MusterError `CURSOR_INVALID` for what no page ended with. */
export function toPosition(after: string | undefined): number | undefined {
  if (after === undefined) return undefined;
  if (!CURSOR.test(after)) throw new MusterError('CURSOR_INVALID', 'The cursor is not one of a page of the audit log.');
  return Number(after);
}

export function toResponse(entry: StoredEntry): AuditEntryResponse {
  const { auditId, at, roles, action, targets, status, code, address, count } = entry;
  return {
    id: String(auditId),
    at: at.toISOString(),
    request_id: entry.requestId,
    actor: entry.actor,
    actor_name: entry.actorName,
    actor_kind: entry.actorKind,
    roles,
    action,
    entity_id: entry.entityId,
    targets,
    status,
    code,
    address,
    user_agent: entry.userAgent,
    count,
  };
}

const toDate = (text: string | undefined): Date | undefined =>
  text === undefined ? undefined : new Date(parseInstant(text));
