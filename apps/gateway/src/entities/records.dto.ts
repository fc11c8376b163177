import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsISO8601, IsOptional, MaxLength } from 'class-validator';
import { pageQuery } from '../http/page.query.js';

export class RecordListQuery extends pageQuery({ usual: 100, max: 1_000 }) {
  @ApiPropertyOptional({ format: 'date-time', description: 'Only records that changed then or later.' })
  @IsOptional()
  @IsISO8601({ strict: true })
  @MaxLength(64)
  updated_since?: string;
}
