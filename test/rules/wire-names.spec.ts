import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONSUMERS, ROBOT_EVENTS, STREAM_EVENTS } from '#libs/contracts';

const OWNER = join('libs', 'contracts');

/** How a name on the wire begins, inside a quote of any kind. */
const NAMES: readonly RegExp[] = [
  /['"`](?:robots|lockers|events|live|dlq|notices|redrive|rpc)\.[a-z*>{$][^'"`]*/g,
  /['"`]\/(?:api|hubs)\/[^'"`]*/g,
  ...[...Object.values(ROBOT_EVENTS).map(({ hub }) => hub), ...Object.values(STREAM_EVENTS)].map(quoted),
  ...Object.values(CONSUMERS).map(({ durable }) => quoted(durable)),
];

function quoted(name: string): RegExp {
  return new RegExp(`['"\`]${name.replaceAll('.', '\\.')}['"\`]`, 'g');
}

/** Names of the wire in a source text; comments and the examples of the API document are no uses of them. */
function wireNamesIn(source: string): string[] {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '').replaceAll(/example: '[^']*'/g, '');
  return NAMES.flatMap((name) => code.match(name) ?? []);
}

describe('names on the wire', () => {
  it('ROB-016 stand in libs/contracts and nowhere else', () => {
    const files = ['apps', 'libs'].flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
    );
    const sources = files.filter((path) => /(?<!\.spec)\.ts$/.test(path) && !path.startsWith(OWNER));
    expect(sources.length).toBeGreaterThan(200);
    const found = sources.flatMap((path) => wireNamesIn(readFileSync(path, 'utf8')).map((name) => `${path}: ${name}`));
    expect(found).toEqual([]);
  });

  it.each([
    'nc.publish(`robots.cmd.${id}`)',
    `subscribe('live.>')`,
    `@Get('/api/v1/robots')`,
    `emit("robot.status.updated")`,
    `durable: 'telemetry_ingest'`,
  ])('are noticed in %s', (planted) => {
    expect(wireNamesIn(planted)).toHaveLength(1);
  });

  it('may be spoken of in comments and examples', () => {
    expect(wireNamesIn(`/** \`robots.cmd.>\` */ // '/api/v1/robots'\n{ example: 'robots.cmd.RB-1' }`)).toEqual([]);
  });
});
