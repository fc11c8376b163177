import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, Matches } from 'class-validator';
import { CONSUMERS, REJECT_REASONS, STREAMS } from '#libs/contracts';
import { pageQuery } from '../http/page.query.js';
import { type DeadLetter, headerOf, shownHeaders, showPayload, type ShownPayload } from './dead-letter.js';

const TOKEN = /^[A-Za-z0-9_-]{1,64}$/;
const ENCODINGS = ['json', 'text', 'base64'] as const;
/** Of each payload, in a list and alone. */
const LISTED_PAYLOAD_BYTES = 4_096;
const WHOLE_PAYLOAD_BYTES = 1_048_576;

export class DeadLettersQuery extends pageQuery({ usual: 50, max: 100 }) {
  @ApiPropertyOptional({ enum: Object.keys(STREAMS), description: 'Stream that the message came from.' })
  @IsOptional()
  @IsString()
  @Matches(TOKEN)
  stream?: string;

  @ApiPropertyOptional({ example: CONSUMERS.telemetryIngest.durable, description: 'Consumer that refused it.' })
  @IsOptional()
  @IsString()
  @Matches(TOKEN)
  consumer?: string;
}

export class DeadLetterResponse {
  @ApiProperty({ example: '17' })
  id!: string;

  @ApiProperty({ example: 'ROBOT_TELEMETRY' })
  stream!: string;

  @ApiProperty({ example: CONSUMERS.telemetryIngest.durable })
  consumer!: string;

  @ApiProperty({ example: 'robots.telemetry.RB-001' })
  subject!: string;

  @ApiProperty({ enum: Object.keys(REJECT_REASONS) })
  reason!: string;

  @ApiProperty({ example: 'The body is not JSON.' })
  message!: string;

  @ApiProperty({ example: 1, description: 'How often it was tried.' })
  deliveries!: number;

  @ApiProperty({ format: 'date-time', description: 'When the broker stored the original.' })
  receivedAt!: string;

  @ApiProperty({ format: 'date-time' })
  deadLetteredAt!: string;

  @ApiProperty({ description: 'The original body, in `payloadEncoding`; a list shows its first 4 KiB.' })
  payload!: unknown;

  @ApiProperty({ enum: ENCODINGS })
  payloadEncoding!: ShownPayload['payloadEncoding'];

  @ApiProperty({ example: 310 })
  payloadBytes!: number;

  @ApiProperty({ description: 'Only the beginning is shown.' })
  payloadTruncated!: boolean;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'array', items: { type: 'string' } } })
  headers!: Readonly<Record<string, readonly string[]>>;
}

/** As it stands in a list. */
export function toListed(letter: DeadLetter): DeadLetterResponse {
  return toResponse(letter, LISTED_PAYLOAD_BYTES);
}

/** As it is shown alone. */
export function toWhole(letter: DeadLetter): DeadLetterResponse {
  return toResponse(letter, WHOLE_PAYLOAD_BYTES);
}

function toResponse(letter: DeadLetter, maxPayloadBytes: number): DeadLetterResponse {
  return {
    id: String(letter.sequence),
    stream: headerOf(letter, 'stream'),
    consumer: headerOf(letter, 'consumer'),
    subject: headerOf(letter, 'subject'),
    reason: headerOf(letter, 'reason'),
    message: headerOf(letter, 'message'),
    deliveries: Number(headerOf(letter, 'deliveries')),
    receivedAt: headerOf(letter, 'receivedAt'),
    deadLetteredAt: letter.deadLetteredAt.toISOString(),
    ...showPayload(letter.data, maxPayloadBytes),
    headers: shownHeaders(letter.headers),
  };
}
