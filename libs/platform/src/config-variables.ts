import { existsSync } from 'node:fs';

/** A text that a variable cannot take. The message completes "<VARIABLE>: …" and never repeats a secret. */
export class VariableProblem extends Error {
  override readonly name = 'VariableProblem';
}

/** One environment variable: how it is called, read and explained. */
export interface Variable<T> {
  readonly name: string;
  /** What to set it to; completes "Set it to …". */
  readonly hint: string;
  /** What it is when unset, as one would write it; absent when there is nothing. */
  readonly default?: string;
  /** Throws {@link VariableProblem}; `undefined` when the variable is unset or empty. */
  read(text: string | undefined): T;
}

interface Hint {
  readonly hint: string;
}

interface WithDefault<T> extends Hint {
  readonly default: T;
}

function variable<T>(name: string, hint: string, parse: (text: string) => T, fallback: () => T): Variable<T> {
  const read = (text: string | undefined): T => {
    try {
      return text === undefined ? fallback() : parse(text);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new VariableProblem(`${message} Set it to ${hint}.`, { cause: error });
    }
  };
  return { name, hint, read };
}

function withDefault<T>(name: string, options: WithDefault<T>, parse: (text: string) => T): Variable<T> {
  return { ...variable(name, options.hint, parse, () => options.default), default: written(options.default) };
}

function written(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return String(value);
}

function missing(): never {
  throw new VariableProblem('is missing.');
}

/** A whole number in a range. */
export function integer(
  name: string,
  options: WithDefault<number> & { readonly min: number; readonly max: number },
): Variable<number> {
  const { min, max } = options;
  const parse = (text: string): number => {
    const value = Number(text);
    if (!/^-?\d+$/.test(text) || value < min || value > max) {
      throw new VariableProblem(`"${text}" is not a whole number from ${String(min)} to ${String(max)}.`);
    }
    return value;
  };
  return withDefault(name, options, parse);
}

/** A number in a range. */
export function decimal(
  name: string,
  options: WithDefault<number> & { readonly min: number; readonly max: number },
): Variable<number> {
  const { min, max } = options;
  const parse = (text: string): number => {
    const value = Number(text);
    if (!Number.isFinite(value) || value < min || value > max) {
      throw new VariableProblem(`"${text}" is not a number from ${String(min)} to ${String(max)}.`);
    }
    return value;
  };
  return withDefault(name, options, parse);
}

/** Any text. */
export function text(name: string, options: WithDefault<string>): Variable<string> {
  return withDefault(name, options, (value) => value);
}

/** One of a few words, in any case. */
export function oneOf<const W extends string>(name: string, words: readonly W[], options: WithDefault<W>): Variable<W> {
  const parse = (value: string): W => {
    const word = words.find((candidate) => candidate.toLowerCase() === value.toLowerCase());
    if (word === undefined) {
      throw new VariableProblem(`"${value}" is none of ${words.join(', ')}.`);
    }
    return word;
  };
  return withDefault(name, options, parse);
}

/** `on`/`off`, `true`/`false`, `1`/`0`. */
export function flag(name: string, options: WithDefault<boolean>): Variable<boolean> {
  const words = new Map([
    ...['on', 'true', '1', 'yes'].map((word) => [word, true] as const),
    ...['off', 'false', '0', 'no'].map((word) => [word, false] as const),
  ]);
  const parse = (value: string): boolean => {
    const known = words.get(value.toLowerCase());
    if (known === undefined) {
      throw new VariableProblem(`"${value}" is neither on nor off.`);
    }
    return known;
  };
  return withDefault(name, options, parse);
}

/** Comma-separated words, spaces around them ignored; empty when unset. */
export function list(name: string, { hint }: Hint): Variable<readonly string[]> {
  const parse = (value: string): readonly string[] =>
    value
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== '');
  return variable(name, hint, parse, () => []);
}

/** An absolute URL of one of the protocols, e.g. `['http:', 'https:']`; `undefined` when unset. */
export function optionalUrl(name: string, protocols: readonly string[], { hint }: Hint): Variable<string | undefined> {
  return variable<string | undefined>(
    name,
    hint,
    (value) => checkedUrl(value, protocols, `"${value}"`),
    () => undefined,
  );
}

/** A URL that holds a password: required, and never repeated in a message. */
export function secretUrl(name: string, protocols: readonly string[], { hint }: Hint): Variable<string> {
  return variable(name, hint, (value) => checkedUrl(value, protocols, 'its value'), missing);
}

function checkedUrl(value: string, protocols: readonly string[], shown: string): string {
  if (!URL.canParse(value) || !protocols.includes(new URL(value).protocol)) {
    throw new VariableProblem(`${shown} is not a URL that starts with ${protocols.join('// or ')}//.`);
  }
  return value;
}

/** A secret has no default and is never repeated in a message; `undefined` when unset. */
export function optionalSecret(
  name: string,
  options: Hint & { readonly minCharacters: number },
): Variable<string | undefined> {
  const parse = (value: string): string => {
    if (value.length < options.minCharacters) {
      throw new VariableProblem(`has fewer than ${String(options.minCharacters)} characters.`);
    }
    return value;
  };
  return variable<string | undefined>(name, options.hint, parse, () => undefined);
}

/** Text that may stay unset. */
export function optionalText(name: string, { hint }: Hint): Variable<string | undefined> {
  return variable<string | undefined>(
    name,
    hint,
    (value) => value,
    () => undefined,
  );
}

/** The path of a file that is there; `undefined` when unset. */
export function existingFile(name: string, { hint }: Hint): Variable<string | undefined> {
  const parse = (path: string): string => {
    if (!existsSync(path)) {
      throw new VariableProblem(`"${path}" does not exist.`);
    }
    return path;
  };
  return variable<string | undefined>(name, hint, parse, () => undefined);
}
