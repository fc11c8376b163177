import type { Type } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type as AsType } from 'class-transformer';
import { IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
import { AlsoNamed } from './query.names.js';
import { NO_NUL } from './storable.text.js';

/** Which page of a list. */
export interface PageQuery {
  limit: number;
  after?: string;
}

/** The query of a list that is read page by page: `usual` items on a page unless told, never more than `max`. */
export function pageQuery({ usual, max }: { readonly usual: number; readonly max: number }): Type<PageQuery> {
  class Query implements PageQuery {
    @ApiPropertyOptional({ default: usual, minimum: 1, maximum: max, description: 'Items on one page.' })
    @IsOptional()
    @AsType(() => Number)
    @IsInt()
    @Min(1)
    @Max(max)
    limit = usual;

    @ApiPropertyOptional({
      description: 'Where the page before ended: its `X-Next-Cursor` or `next`. Also named `cursor`.',
    })
    @AlsoNamed('cursor')
    @IsOptional()
    @IsString()
    @MaxLength(500)
    @Matches(NO_NUL)
    after?: string;
  }
  return Query;
}
