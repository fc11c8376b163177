import { ApiProperty } from '@nestjs/swagger';
import {
  type Collection,
  COLLECTIONS,
  IMPORT_MODES,
  IMPORT_RESULTS,
  IMPORT_STATES,
  type ImportCounts,
  type ImportDto,
  type ImportMode,
  type ImportResult,
  type ImportRowDto,
  type ImportState,
} from '#libs/contracts';

const INSTANT = { type: String, format: 'date-time' } as const;

export class ImportCountsResponse implements ImportCounts {
  @ApiProperty({ description: 'Rows that were read.' })
  rows!: number;

  @ApiProperty()
  created!: number;

  @ApiProperty()
  updated!: number;

  @ApiProperty()
  unchanged!: number;

  @ApiProperty()
  failed!: number;

  @ApiProperty({ description: 'Records that `replace` deleted.' })
  deleted!: number;
}

export class ImportResponse implements ImportDto {
  @ApiProperty({ format: 'uuid' })
  import_id!: string;

  @ApiProperty({ example: 'mall-a' })
  entity_id!: string;

  @ApiProperty({ enum: IMPORT_MODES })
  mode!: ImportMode;

  @ApiProperty({ enum: IMPORT_STATES })
  state!: ImportState;

  @ApiProperty({ type: ImportCountsResponse })
  counts!: ImportCountsResponse;

  @ApiProperty({ type: String, nullable: true, description: 'Why it ended as it did, or why nothing was deleted.' })
  error!: string | null;

  @ApiProperty()
  started_by!: string;

  @ApiProperty(INSTANT)
  started_at!: string;

  @ApiProperty({ ...INSTANT, description: 'When the last batch was stored.' })
  updated_at!: string;

  @ApiProperty({ ...INSTANT, nullable: true })
  finished_at!: string | null;
}

export class ImportRowResponse implements ImportRowDto {
  @ApiProperty({ description: 'Counts from 1: the line of an NDJSON upload, the record of a JSON one.' })
  row!: number;

  @ApiProperty({ enum: COLLECTIONS, nullable: true })
  collection!: Collection | null;

  @ApiProperty({ type: String, nullable: true })
  id!: string | null;

  @ApiProperty({ enum: IMPORT_RESULTS })
  result!: ImportResult;

  @ApiProperty({ type: String, nullable: true })
  error!: string | null;
}
