import { VariableProblem } from './config-variables.js';
import type { Variable } from './config-variables.js';

/** Variables by the name they have in code. */
export type VariableTable = Readonly<Record<string, Variable<unknown>>>;

/** What a table of variables reads as. */
export type SettingsOf<V extends VariableTable> = {
  readonly [K in keyof V]: V[K] extends Variable<infer T> ? T : never;
};

/** Variable name → text. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Every problem of the configuration at once, one per line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly string[]) {
    super(`The configuration has ${problems.length === 1 ? 'a problem' : `${String(problems.length)} problems`}:
${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

/** What {@link settings} makes. */
export interface SettingsClass<V extends VariableTable> {
  new (environment?: Environment): SettingsOf<V>;
  /** The table it was made from, for the documents. */
  readonly variables: V;
}

/** What a table must fulfil as a whole. */
interface Rules<Name> {
  /** Numbers of which each must be greater than the one before it. */
  readonly ascending?: readonly Name[];
}

/** Table → its rules. */
const tables = new Map<VariableTable, Rules<string>>();

/**
 * A class whose instances hold typed settings, to be extended, provided in a module and injected by type:
 * `class RobotsSettings extends settings({ staleAfterS: integer('ROBOT_STALE_S', {…}) }) {}`. Its variables belong to the
 * configuration that {@link checkConfig} checks as a whole. Instances read the process's environment unless given one.
 */
export function settings<V extends VariableTable>(table: V, rules?: Rules<keyof V & string>): SettingsClass<V>;
export function settings(table: VariableTable, rules: Rules<string> = {}): unknown {
  tables.set(table, rules);
  return class {
    static readonly variables = table;

    constructor(environment: Environment = process.env) {
      const { values, problems } = readAll([[table, rules]], environment);
      if (problems.length > 0) {
        throw new ConfigError(problems);
      }
      Object.assign(this, values);
    }
  };
}

/** Reads every table that was declared by {@link settings}; throws one {@link ConfigError} with all problems. */
export function checkConfig(environment: Environment = process.env): void {
  const { problems } = readAll([...tables], environment);
  if (problems.length > 0) {
    throw new ConfigError(problems);
  }
}

interface Reading {
  readonly values: Record<string, unknown>;
  readonly problems: readonly string[];
}

function readAll(wanted: readonly (readonly [VariableTable, Rules<string>])[], environment: Environment): Reading {
  const readings = wanted.map(([table, rules]) => readTable(table, rules, environment));
  return {
    values: Object.fromEntries(readings.flatMap(({ values }) => Object.entries(values))),
    problems: [...new Set(readings.flatMap(({ problems }) => problems))],
  };
}

function readTable(table: VariableTable, rules: Rules<string>, environment: Environment): Reading {
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [key, variable] of Object.entries(table)) {
    try {
      values[key] = variable.read(environment[variable.name]?.trim() || undefined);
    } catch (error) {
      if (!(error instanceof VariableProblem)) {
        throw error;
      }
      problems.push(`${variable.name} ${error.message}`);
    }
  }
  return { values, problems: [...problems, ...brokenRules(table, rules, values)] };
}

/** What cannot be read is a problem already and breaks no rule. */
function brokenRules(
  table: VariableTable,
  { ascending = [] }: Rules<string>,
  values: Readonly<Record<string, unknown>>,
): readonly string[] {
  return ascending.slice(1).flatMap((key, index) => {
    const before = ascending[index] ?? key;
    const [lower, upper] = [values[before], values[key]];
    if (typeof lower !== 'number' || typeof upper !== 'number' || upper > lower) return [];
    return [`${nameOf(table, key)} is ${upper} and must be more than ${nameOf(table, before)}, which is ${lower}.`];
  });
}

const nameOf = (table: VariableTable, key: string): string => table[key]?.name ?? key;
