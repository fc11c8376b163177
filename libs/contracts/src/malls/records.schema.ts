import Type, { type TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import type { Collection } from './checksums.js';

/** A field, and in words what it takes beside null. */
interface Field {
  readonly schema: TSchema;
  readonly expected: string;
}

const field = (expected: string, ...schemas: TSchema[]): Field => ({
  expected,
  schema: Type.Optional(Type.Union([...schemas, Type.Null()])),
});

const Fields = Type.Record(Type.String(), Type.Unknown());
const Tuple = Type.Array(Type.Unknown());
const Coordinates = Type.Array(Type.Number(), { minItems: 2, maxItems: 3 });
const Point = Type.Union([Coordinates, Type.Object({ x: Type.Number(), y: Type.Number() })]);

const TEXT = field('text', Type.String());
const ID = field('text or a whole number', Type.String(), Type.Integer());
const TEXTS = field('an array of texts', Type.Array(Type.String()));
const POLYGON = field('an array of points: [x, y] or {x, y}', Type.Array(Point));
const LOCATION = field('[longitude, latitude] or an object', Coordinates, Fields);
const ROWS = field('an array of arrays or objects', Type.Array(Type.Union([Tuple, Fields])));

const COMMON = { id: ID, name: TEXT, description: TEXT };

/**
 * The fields that records are known to have (facts 4). None is required, others are kept as they are, and words such as a
 * beacon's type are not limited to the known ones.
 */
const FIELDS: Readonly<Record<Collection, Readonly<Record<string, Field>>>> = {
  areas: { ...COMMON, beacon_code: TEXT, floor_type: TEXT, floor_name: ID, polygon: POLYGON },
  beacons: {
    ...COMMON,
    area_id: ID,
    merchant_id: ID,
    connection_id: ID,
    type: TEXT,
    location: LOCATION,
    device: TEXT,
    device_id: TEXT,
    mac: TEXT,
  },
  connections: {
    ...COMMON,
    type: TEXT,
    connected_areas: ROWS,
    available_period: ROWS,
    tags: TEXTS,
    gnd: field('an array or an object', Tuple, Fields),
  },
  merchants: {
    ...COMMON,
    chain: TEXT,
    beacon_code: TEXT,
    area_id: ID,
    type: field('text or an object', Type.String(), Fields),
    color: TEXT,
    tags: TEXTS,
    location: LOCATION,
    style: TEXT,
    polygon: POLYGON,
    available_period: ROWS,
    opening_hours: field('an array of arrays', Type.Array(Type.Union([Tuple, Fields, Type.Null()]))),
    email: TEXT,
    phone: TEXT,
    website: TEXT,
    social_media: field('text, an array or an object', Type.String(), Tuple, Fields),
    image_url: TEXT,
  },
};

/** Fields that hold the id of another record: numbers there become text, as every id on the wire. */
export const RECORD_REFERENCES = ['area_id', 'merchant_id', 'connection_id'] as const;

/** A field of a record that has the wrong type. */
export interface FieldProblem {
  /** As `polygon[2][0]`. */
  readonly field: string;
  readonly problems: readonly string[];
}

/** Compiled when first used; as large as the number of collections. */
const validators = new Map<Collection, Validator>();

/** What is wrong with the types of a record's known fields; nothing, when it is right. */
export function problemsOfRecord(collection: Collection, record: object): readonly FieldProblem[] {
  const validator = validatorOf(collection);
  if (validator.Check(record)) return [];
  const deepest = new Map<string, readonly string[]>();
  for (const { instancePath } of validator.Errors(record)) {
    const [name = '', ...inside] = instancePath.split('/').slice(1);
    if (inside.length >= (deepest.get(name)?.length ?? 0)) deepest.set(name, inside);
  }
  return [...deepest].map(([name, inside]) => ({
    field: name + inside.map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`)).join(''),
    problems: [`${name} must be ${FIELDS[collection][name]?.expected ?? 'something else'}, or null`],
  }));
}

function validatorOf(collection: Collection): Validator {
  const known = validators.get(collection);
  if (known) return known;
  const properties = Object.entries(FIELDS[collection]).map(([name, { schema }]) => [name, schema] as const);
  const compiled = Compile(Type.Object(Object.fromEntries(properties)));
  validators.set(collection, compiled);
  return compiled;
}
