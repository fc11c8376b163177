import { isUtf8 } from 'node:buffer';
import {
  type Collection,
  COLLECTIONS,
  growthOfNumbers,
  type ImportRow,
  isCollection,
  type JsonObject,
  MAX_JSON_DEPTH,
  MusterError,
  nestsDeeperThan,
  RECORD_TYPES,
} from '#libs/contracts';
import { readRecord } from '../entities/record.reading.js';
import type { RawRow } from './row.splitter.js';

const BYTE_ORDER_MARK = /^\uFEFF/;
const OF_TYPE: ReadonlyMap<unknown, Collection> = new Map(COLLECTIONS.map((name) => [RECORD_TYPES[name], name]));

/** Reads one row; what is wrong with it is part of the answer, and so is what is known of its record all the same. */
export function toImportRow(entity_id: string, { row, collection, bytes }: RawRow): ImportRow {
  let known: Pick<ImportRow, 'collection' | 'record_id'> = collection ? { collection } : {};
  try {
    const value = parse(bytes);
    const place = collection ? { collection, record: value } : placeOf(value);
    known = { collection: place.collection, ...idOf(place.record) };
    const { record_id, fields } = readRecord(place.record, { entity_id, collection: place.collection });
    return { row, collection: place.collection, ...(record_id === undefined ? {} : { record_id }), fields };
  } catch (error) {
    if (error instanceof MusterError) return { row, ...known, error: error.message };
    throw error;
  }
}

function parse(bytes: Buffer | undefined): unknown {
  if (!bytes) throw refused('The row is too large.');
  if (!isUtf8(bytes)) throw refused('The row is not UTF-8.');
  const text = bytes.toString('utf8').replace(BYTE_ORDER_MARK, '');
  if (nestsDeeperThan(text, MAX_JSON_DEPTH)) throw refused(`The row nests deeper than ${MAX_JSON_DEPTH} levels.`);
  if (growthOfNumbers(text) === Infinity) throw refused('The row has a number beyond the range of doubles.');
  const value = readJson(text);
  if (MAY_POISON.test(text) && isPoisonous(value))
    throw refused('The row has a "__proto__" or "constructor.prototype".');
  return value;
}

function readJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    throw refused('The row is not JSON.');
  }
}

/** Spares most rows the look inside; a backslash may hide the letters. */
const MAY_POISON = /__proto__|constructor|\\u/;

/** The parsers of all other bodies refuse these names, too: merging such an object may change the prototype of all. */
function isPoisonous(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Object.hasOwn(value, '__proto__')) return true;
  return Object.entries(value).some(
    ([name, inner]) =>
      (name === 'constructor' && isObject(inner) && Object.hasOwn(inner, 'prototype')) || isPoisonous(inner),
  );
}

/** A line says where it belongs by `collection` (areas …) or, when it has none, by `type` (area …). */
function placeOf(value: unknown): { readonly collection: Collection; readonly record: unknown } {
  if (!isObject(value)) throw refused('The row must be one JSON object.');
  const { collection, ...rest } = value;
  if (isCollection(collection)) return { collection, record: rest };
  const { type, ...record } = value;
  const named = OF_TYPE.get(type);
  if (collection === undefined && named) return { collection: named, record };
  throw refused('The row must say its collection: areas, beacons, merchants or connections.');
}

function idOf(record: unknown): { readonly record_id?: string } {
  if (!isObject(record)) return {};
  const { id } = record;
  return typeof id === 'string' || typeof id === 'number' ? { record_id: String(id).slice(0, MAX_ID_CHARACTERS) } : {};
}

/** Of ids that are none; they are reported as they came. */
const MAX_ID_CHARACTERS = 128;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refused(message: string): MusterError {
  return new MusterError('VALIDATION_FAILED', message);
}
