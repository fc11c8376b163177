import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsOptional,
  IsString,
  IsUrl,
  Length,
  Matches,
  MaxLength,
  ValidateBy,
} from 'class-validator';
import {
  FIRMWARE_CHANNELS,
  FIRMWARE_DEVICE_TYPES,
  FIRMWARE_PRIORITIES,
  type FirmwareChannel,
  type FirmwareDeviceType,
  type FirmwarePriority,
  type FirmwareRelease,
  isTokenId,
  ROLLOUT_STRATEGIES,
  type RolloutStrategy,
} from '#libs/contracts';
import { AlsoNamed } from '../http/query.names.js';
import { NO_NUL } from '../http/storable.text.js';

/** The name of a chip or board; it is part of URLs. */
export const TARGET = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const LINK = { protocols: ['http', 'https'], require_protocol: true, require_tld: false };

/** One token: it is part of URLs and file names. */
export function IsTokenId(): PropertyDecorator {
  return ValidateBy({
    name: 'isTokenId',
    validator: {
      validate: isTokenId,
      defaultMessage: () => '$property must be 1 to 64 letters, digits, "_" or "-"',
    },
  });
}

/** An empty text of a form is a field that was left out. */
const EmptyIsAbsent = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (value === '' ? undefined : value));

/** A list in a form: a field that is repeated, a JSON list, or a text with one entry in each line (or after each `separator`). */
const ListOfTexts = (separator: RegExp): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => toTexts(value, separator));

function toTexts(value: unknown, separator: RegExp): unknown {
  if (Array.isArray(value)) return value.flatMap((one: unknown) => toTexts(one, separator));
  if (typeof value !== 'string') return value;
  if (value.trimStart().startsWith('[')) return parseList(value) ?? value;
  return value
    .split(separator)
    .map((text) => text.trim())
    .filter((text) => text !== '');
}

function parseList(text: string): unknown[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** What an administrator says of a firmware when it is published. */
export class ReleaseFields {
  @ApiProperty({ example: '0.2.0', description: 'Semantic version.' })
  @IsString()
  @Length(5, 64)
  version!: string;

  @ApiPropertyOptional({ enum: FIRMWARE_DEVICE_TYPES, default: 'beacon' })
  @EmptyIsAbsent()
  @IsOptional()
  @IsIn(FIRMWARE_DEVICE_TYPES)
  device_type: FirmwareDeviceType = 'beacon';

  @ApiPropertyOptional({ enum: FIRMWARE_CHANNELS, default: 'stable' })
  @EmptyIsAbsent()
  @IsOptional()
  @IsIn(FIRMWARE_CHANNELS)
  channel: FirmwareChannel = 'stable';

  @ApiPropertyOptional({ description: 'URL or text.', maxLength: 10_000 })
  @EmptyIsAbsent()
  @IsOptional()
  @IsString()
  @MaxLength(10_000)
  @Matches(NO_NUL)
  release_notes?: string;

  @ApiPropertyOptional({ type: [String], description: 'A JSON list, or one change in each line.', maxItems: 100 })
  @ListOfTexts(/\r?\n/)
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(100)
  @IsString({ each: true })
  @MaxLength(500, { each: true })
  @Matches(NO_NUL, { each: true })
  changelog: string[] = [];

  @ApiPropertyOptional({
    type: [String],
    description: 'A JSON list, or revisions separated by commas; none: all of the target.',
    example: ['esp32c3-rev3', 'esp32c3-rev4'],
    maxItems: 50,
  })
  @ListOfTexts(/[,\r\n]/)
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(50)
  @IsString({ each: true })
  @Matches(TARGET, { each: true })
  compatible_hardware: string[] = [];

  @ApiPropertyOptional({ example: '0.1.5', description: 'A device must run this or a later version to take it.' })
  @EmptyIsAbsent()
  @IsOptional()
  @IsString()
  @Length(5, 64)
  min_previous_version?: string;

  @ApiPropertyOptional({ enum: FIRMWARE_PRIORITIES, default: 'normal' })
  @EmptyIsAbsent()
  @IsOptional()
  @IsIn(FIRMWARE_PRIORITIES)
  priority: FirmwarePriority = 'normal';

  @ApiPropertyOptional({ enum: ROLLOUT_STRATEGIES, default: 'all' })
  @EmptyIsAbsent()
  @IsOptional()
  @IsIn(ROLLOUT_STRATEGIES)
  rollout_strategy: RolloutStrategy = 'all';

  @ApiPropertyOptional({ description: 'Where a copy is when this platform cannot be reached.' })
  @EmptyIsAbsent()
  @IsOptional()
  @IsUrl(LINK)
  @MaxLength(2_000)
  fallback_url?: string;

  @ApiPropertyOptional({ maxLength: 4_000 })
  @EmptyIsAbsent()
  @IsOptional()
  @IsString()
  @MaxLength(4_000)
  @Matches(NO_NUL)
  description?: string;

  @ApiPropertyOptional({ example: '9fceb02', description: 'Commit that it was built from.' })
  @EmptyIsAbsent()
  @IsOptional()
  @Matches(/^[\w./-]{1,100}$/)
  git_commit?: string;
}

/** The texts of an upload; the binary is the field `file`. */
export class FirmwareUploadFields extends ReleaseFields {
  @ApiProperty({ example: 'esp32c3', description: 'Also named `device`.' })
  @AlsoNamed('device')
  @Matches(TARGET)
  target!: string;

  @ApiPropertyOptional({ example: 'fw-beacon-v020', description: 'Made from device type and version when left out.' })
  @EmptyIsAbsent()
  @IsOptional()
  @IsTokenId()
  firmware_id?: string;

  @ApiPropertyOptional({ description: 'Expected SHA-256, hex, with or without `sha256:`; another file is refused.' })
  @EmptyIsAbsent()
  @IsOptional()
  @Matches(/^(sha256:)?[0-9a-fA-F]{64}$/)
  checksum?: string;
}

/** What is published of a promoted file; its target is known. */
export class PromoteRequest extends ReleaseFields {
  @ApiPropertyOptional({ description: 'Whose file, where several entities cached one of this id; else the newest.' })
  @IsOptional()
  @IsTokenId()
  entity_id?: string;
}

/** The texts of a cache upload; the binary is the field `file`. */
export class FirmwareCacheFields {
  @ApiProperty({ example: 'fw-beacon-v020' })
  @IsTokenId()
  firmware_id!: string;

  @ApiProperty({ example: 'esp32c3' })
  @Matches(TARGET)
  target!: string;

  @ApiPropertyOptional({ description: 'Must be the entity of the token.' })
  @IsOptional()
  @IsTokenId()
  entity_id?: string;
}

export function toRelease(fields: ReleaseFields, target: string, firmwareId?: string): FirmwareRelease {
  return {
    ...(firmwareId === undefined ? {} : { firmware_id: firmwareId }),
    target,
    version: fields.version,
    device_type: fields.device_type,
    channel: fields.channel,
    release_notes: fields.release_notes ?? null,
    changelog: fields.changelog,
    compatible_hardware: fields.compatible_hardware,
    min_previous_version: fields.min_previous_version ?? null,
    priority: fields.priority,
    rollout_strategy: fields.rollout_strategy,
    fallback_url: fields.fallback_url ?? null,
    description: fields.description ?? null,
    git_commit: fields.git_commit ?? null,
  };
}
