import { ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsNumber,
  IsOptional,
  IsString,
  Length,
  Matches,
  MaxLength,
  ValidateIf,
} from 'class-validator';
import type { EntityFields, GeoPoint, NewEntity } from '#libs/contracts';
import { pageQuery } from '../http/page.query.js';
import { NO_NUL } from '../http/storable.text.js';

const MAX_TAGS = 50;
const MAX_PEM_CHARACTERS = 2_000;
const TOKEN_ID = /^[A-Za-z0-9_-]{1,64}$/;
const nullable = { nullable: true } as const;
const SHORT = { type: String, ...nullable, maxLength: 200 } as const;
const POINT = {
  type: 'array',
  items: { type: 'number' },
  ...nullable,
  example: [121.47, 31.23],
  description: 'Longitude and latitude.',
} as const;

/** What may be said of an entity beside its name; anything else in the body is ignored. */
class EntityDescription {
  @ApiPropertyOptional({ ...SHORT, example: 'mall', description: 'Such as mall, transportation, school, hospital.' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  @Matches(NO_NUL)
  type?: string | null;

  @ApiPropertyOptional({ type: String, ...nullable, maxLength: 4_000 })
  @IsOptional()
  @IsString()
  @MaxLength(4_000)
  @Matches(NO_NUL)
  description?: string | null;

  @ApiPropertyOptional(POINT)
  @IsOptional()
  @IsArray()
  @ArrayMinSize(2)
  @ArrayMaxSize(2)
  @IsNumber({}, { each: true })
  point_min?: GeoPoint | null;

  @ApiPropertyOptional(POINT)
  @IsOptional()
  @IsArray()
  @ArrayMinSize(2)
  @ArrayMaxSize(2)
  @IsNumber({}, { each: true })
  point_max?: GeoPoint | null;

  @ApiPropertyOptional({ type: Number, ...nullable, description: 'Metres.' })
  @IsOptional()
  @IsNumber()
  altitude_min?: number | null;

  @ApiPropertyOptional({ type: Number, ...nullable, description: 'Metres.' })
  @IsOptional()
  @IsNumber()
  altitude_max?: number | null;

  @ApiPropertyOptional(SHORT)
  @IsOptional()
  @IsString()
  @MaxLength(200)
  @Matches(NO_NUL)
  nation?: string | null;

  @ApiPropertyOptional(SHORT)
  @IsOptional()
  @IsString()
  @MaxLength(200)
  @Matches(NO_NUL)
  region?: string | null;

  @ApiPropertyOptional(SHORT)
  @IsOptional()
  @IsString()
  @MaxLength(200)
  @Matches(NO_NUL)
  city?: string | null;

  @ApiPropertyOptional({ type: [String], ...nullable, maxItems: MAX_TAGS })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MAX_TAGS)
  @IsString({ each: true })
  @Length(1, 64, { each: true })
  @Matches(NO_NUL, { each: true })
  tags?: string[] | null;
}

/** Omitted stays, null clears. */
export class EntityUpdateRequest extends EntityDescription {
  @ApiPropertyOptional({ example: 'Mall A', minLength: 1, maxLength: 200 })
  @ValidateIf(({ name }: EntityUpdateRequest) => name !== undefined)
  @IsString()
  @Length(1, 200)
  @Matches(NO_NUL)
  name?: string;
}

export class NewEntityRequest extends EntityDescription {
  @ApiPropertyOptional({
    example: 'Mall A',
    minLength: 1,
    maxLength: 200,
    description: 'Its id when left out; one of the two is needed.',
  })
  @ValidateIf(({ name, entity_id, id }: NewEntityRequest) => name !== undefined || (entity_id ?? id) === undefined)
  @IsString()
  @Length(1, 200)
  @Matches(NO_NUL)
  name?: string;

  @ApiPropertyOptional({ example: 'mall-a', description: 'Made when left out.', pattern: TOKEN_ID.source })
  @ValidateIf(({ entity_id }: NewEntityRequest) => entity_id !== undefined)
  @IsString()
  @Matches(TOKEN_ID)
  entity_id?: string;

  @ApiPropertyOptional({
    example: 'mall-a',
    description: 'Another word for entity_id, which counts when both are given.',
    pattern: TOKEN_ID.source,
  })
  @ValidateIf(({ id }: NewEntityRequest) => id !== undefined)
  @IsString()
  @Matches(TOKEN_ID)
  id?: string;

  @ApiPropertyOptional({
    description: 'P-256 key in SPKI PEM that alone may register an orchestrator; no secret is made then.',
    maxLength: MAX_PEM_CHARACTERS,
  })
  @ValidateIf(({ public_key }: NewEntityRequest) => public_key !== undefined)
  @IsString()
  @MaxLength(MAX_PEM_CHARACTERS)
  public_key?: string;
}

/** Only what was said: an omitted field is not a field with the value undefined. */
export function toEntityFields(request: EntityDescription & { readonly name?: string }): Partial<EntityFields> {
  const { name, type, description, point_min, point_max, altitude_min, altitude_max, nation, region, city, tags } =
    request;
  const said = {
    name,
    type,
    description,
    point_min,
    point_max,
    altitude_min,
    altitude_max,
    nation,
    region,
    city,
    tags,
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}

/** An entity that was given no name is called by its id; its checks have seen to it that there is one of the two. */
export function toNewEntity(request: NewEntityRequest): NewEntity {
  const { id, entity_id = id, name = entity_id ?? '', public_key } = request;
  return {
    fields: { ...toEntityFields(request), name },
    ...(entity_id === undefined ? {} : { entity_id }),
    ...(public_key === undefined ? {} : { public_key }),
  };
}

export class EntityListQuery extends pageQuery({ usual: 100, max: 1_000 }) {}

export class ChangesQuery extends pageQuery({ usual: 100, max: 1_000 }) {}
