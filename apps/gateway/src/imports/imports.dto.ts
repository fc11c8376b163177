import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { IMPORT_MODES, IMPORT_RESULTS, type ImportMode, type ImportResult } from '#libs/contracts';
import { pageQuery } from '../http/page.query.js';

export class ImportQuery {
  @ApiPropertyOptional({
    enum: IMPORT_MODES,
    default: 'merge',
    description: '`replace` deletes what is missing in the upload, in the collections that it names.',
  })
  @IsOptional()
  @IsIn(IMPORT_MODES)
  mode: ImportMode = 'merge';
}

export class ImportListQuery extends pageQuery({ usual: 50, max: 500 }) {}

export class ImportRowsQuery extends pageQuery({ usual: 500, max: 5_000 }) {
  @ApiPropertyOptional({ enum: IMPORT_RESULTS, description: 'Only rows that ended so.' })
  @IsOptional()
  @IsIn(IMPORT_RESULTS)
  result?: ImportResult;
}
