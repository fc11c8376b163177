import { isDeepStrictEqual } from 'node:util';
import type { JsonObject, SettingsDeltaDto } from '#libs/contracts';

/**
 * What of the desired settings is not reported, by JSON pointer (RFC 6901). Only desired members are compared: a robot may
 * report more. Objects are compared member by member, arrays as one value; a desired null also holds for what is not there.
 */
export function settingsDelta(desired: JsonObject, reported: JsonObject): SettingsDeltaDto['delta'] {
  return Object.fromEntries(differences('', desired, reported));
}

type Difference = readonly [pointer: string, values: { readonly desired: unknown; readonly reported: unknown }];

function differences(pointer: string, desired: unknown, reported: unknown): Difference[] {
  if (isObject(desired) && isObject(reported)) {
    return Object.entries(desired).flatMap(([name, value]) =>
      differences(`${pointer}/${escapeToken(name)}`, value, Object.hasOwn(reported, name) ? reported[name] : undefined),
    );
  }
  const isApplied = isDeepStrictEqual(desired, reported) || (desired === null && reported === undefined);
  return isApplied ? [] : [[pointer, { desired, reported: reported ?? null }]];
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function escapeToken(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
