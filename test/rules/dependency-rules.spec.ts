import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
const CONFIG = join(ROOT, '.dependency-cruiser.cjs');

interface Probe {
  readonly rule: string;
  readonly from: string;
  readonly imports: string;
}

/** A violation planted for every rule: a rule that cannot fail is not a rule. */
const PROBES: readonly Probe[] = [
  { rule: 'contracts-is-a-leaf', from: 'libs/contracts/src/leaf.ts', imports: '#libs/jetstream' },
  { rule: 'contracts-is-a-leaf', from: 'libs/contracts/src/lower.ts', imports: '../../../scripts/tool.js' },
  {
    rule: 'libs-never-import-apps',
    from: 'libs/platform/src/up.ts',
    imports: '../../../apps/robots/src/robot.entity.js',
  },
  { rule: 'libs-point-down', from: 'libs/jetstream/src/sideways.ts', imports: '#libs/database' },
  { rule: 'libs-point-down', from: 'libs/auth/src/upwards.ts', imports: '#libs/platform' },
  { rule: 'libs-through-their-index', from: 'libs/platform/src/deep.ts', imports: '../../auth/src/inner.js' },
  {
    rule: 'apps-use-libs-through-their-index',
    from: 'apps/robots/src/deep.ts',
    imports: '../../../libs/auth/src/inner.js',
  },
  {
    rule: 'no-app-imports-an-app',
    from: 'apps/commands/src/neighbour.ts',
    imports: '../../robots/src/robot.entity.js',
  },
  { rule: 'no-app-imports-an-app', from: 'apps/commands/src/module.ts', imports: '../../robots/src/robots.module.js' },
  {
    rule: 'all-in-one-sees-only-modules',
    from: 'apps/all-in-one/src/main.ts',
    imports: '../../robots/src/robot.entity.js',
  },
  ...['ingest', 'controller', 'socket', 'responder'].map((role) => ({
    rule: 'entry-points-belong-to-their-module',
    from: `apps/robots/src/calls-${role}.service.ts`,
    imports: `./robot.${role}.js`,
  })),
  ...['service', 'ingest', 'controller', 'socket', 'responder', 'publisher', 'module'].map((role) => ({
    rule: 'repositories-know-no-caller',
    from: `apps/robots/src/knows-${role}.repository.ts`,
    imports: `./robot.${role}.js`,
  })),
  { rule: 'product-knows-no-tooling', from: 'apps/robots/src/tooled.ts', imports: '../../../scripts/tool.js' },
  { rule: 'product-needs-no-dev-dependency', from: 'apps/robots/src/dev.ts', imports: 'only-for-development' },
  { rule: 'nothing-unresolvable', from: 'apps/robots/src/lost.ts', imports: './nowhere.js' },
  { rule: 'no-cycles', from: 'apps/robots/src/circle-a.ts', imports: './circle-b.js' },
];

const ALLOWED: readonly Omit<Probe, 'rule'>[] = [
  { from: 'apps/all-in-one/src/all-in-one.module.ts', imports: '../../robots/src/robots.module.js' },
  { from: 'apps/robots/src/uses-libs.ts', imports: '#libs/jetstream' },
  { from: 'apps/robots/src/robot.spec.ts', imports: './robot.ingest.js' },
  { from: 'apps/robots/src/robots.module.ts', imports: './robot.ingest.js' },
  { from: 'apps/robots/src/robot.repository.ts', imports: './robot.entity.js' },
  { from: 'libs/jetstream/src/index.ts', imports: '#libs/contracts' },
  { from: 'libs/platform/src/index.ts', imports: '#libs/jetstream' },
  { from: 'libs/auth/src/inner.spec.ts', imports: '../../../test/support/broker.js' },
  { from: 'libs/auth/src/index.ts', imports: './inner.js' },
];

const TARGETS = [
  'libs/contracts/src/index.ts',
  'libs/database/src/index.ts',
  'libs/auth/src/inner.ts',
  'scripts/tool.ts',
  'test/support/broker.ts',
  'apps/robots/src/robot.entity.ts',
  ...['service', 'ingest', 'controller', 'socket', 'responder', 'publisher', 'module'].map(
    (role) => `apps/robots/src/robot.${role}.ts`,
  ),
];

interface Violation {
  readonly rule: { readonly name: string };
  readonly from: string;
}

describe('the dependency rules', () => {
  let directory: string;
  let violations: readonly Violation[];

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'muster-rules-'));
    for (const target of TARGETS) write(target, 'export const value = 1;\n');
    for (const { from, imports } of [...ALLOWED, ...PROBES])
      write(from, `import '${imports}';\nexport const value = 1;\n`);
    write('apps/robots/src/circle-b.ts', "import './circle-a.js';\n");
    write('node_modules/only-for-development/package.json', '{"name":"only-for-development","main":"index.js"}');
    write('node_modules/only-for-development/index.js', '');
    write('tsconfig.json', '{"compilerOptions":{"module":"nodenext","moduleResolution":"nodenext"}}');
    const { imports } = createRequire(import.meta.url)(join(ROOT, 'package.json')) as { imports: object };
    const manifest = { type: 'module', imports, devDependencies: { 'only-for-development': '1.0.0' } };
    write('package.json', JSON.stringify(manifest));
    violations = cruise();
  });

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  function write(path: string, text: string): void {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  function cruise(): readonly Violation[] {
    const cli = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
    const args = [cli, 'apps', 'libs', 'scripts', 'test', '--config', CONFIG, '--output-type', 'json'];
    let output: string;
    try {
      output = execFileSync(process.execPath, args, { cwd: directory, encoding: 'utf8', maxBuffer: 64 * 1024 ** 2 });
    } catch (error) {
      output = (error as { stdout: string }).stdout;
    }
    return (JSON.parse(output) as { summary: { violations: Violation[] } }).summary.violations;
  }

  it.each(PROBES)('$rule reports $from, which imports $imports', ({ rule, from }) => {
    expect(violations.filter((violation) => violation.from === from).map((violation) => violation.rule.name)).toContain(
      rule,
    );
  });

  it.each(ALLOWED)('nothing is reported for $from, which may import $imports', ({ from }) => {
    expect(violations.filter((violation) => violation.from === from)).toEqual([]);
  });

  it('has a planted violation for every rule', () => {
    const { forbidden } = createRequire(import.meta.url)(CONFIG) as { forbidden: { name: string }[] };
    expect(new Set(PROBES.map(({ rule }) => rule))).toEqual(new Set(forbidden.map(({ name }) => name)));
  });
});
