const TESTS = '\\.spec\\.ts$';
const ENTRY_POINT = '\\.(ingest|controller|socket|responder)\\.ts$';

/** Every rule here has a planted violation in test/rules that must fail. */
const forbidden = [
  {
    name: 'contracts-is-a-leaf',
    severity: 'error',
    comment: 'Everything imports contracts; contracts imports nothing of ours.',
    from: { path: '^libs/contracts/' },
    to: { path: '^(libs|apps|scripts|test)/', pathNot: '^libs/contracts/' },
  },
  {
    name: 'libs-never-import-apps',
    severity: 'error',
    from: { path: '^libs/' },
    to: { path: '^apps/' },
  },
  {
    name: 'libs-point-down',
    severity: 'error',
    comment: 'jetstream, database and auth know contracts only; platform composes them.',
    from: { path: '^libs/(jetstream|database|auth)/', pathNot: TESTS },
    to: { path: '^libs/', pathNot: '^libs/(contracts|$1)/' },
  },
  {
    name: 'libs-through-their-index',
    severity: 'error',
    comment: 'A lib is used through #libs/<name>, never by a path into it.',
    from: { path: '^libs/([^/]+)/' },
    to: { path: '^libs/', pathNot: ['^libs/$1/', '^libs/[^/]+/src/index\\.ts$'] },
  },
  {
    name: 'apps-use-libs-through-their-index',
    severity: 'error',
    from: { path: '^(apps|scripts|test)/' },
    to: { path: '^libs/', pathNot: '^libs/[^/]+/src/index\\.ts$' },
  },
  {
    name: 'no-app-imports-an-app',
    severity: 'error',
    from: { path: '^apps/([^/]+)/', pathNot: '^apps/all-in-one/' },
    to: { path: '^apps/', pathNot: '^apps/$1/' },
  },
  {
    name: 'all-in-one-sees-only-modules',
    severity: 'error',
    from: { path: '^apps/all-in-one/' },
    to: { path: '^apps/', pathNot: ['^apps/all-in-one/', '\\.module\\.ts$'] },
  },
  {
    name: 'entry-points-belong-to-their-module',
    severity: 'error',
    comment: 'An ingest, a controller, a socket or a responder is called by the framework, never by our code.',
    from: { pathNot: ['\\.module\\.ts$', '^test/', TESTS] },
    to: { path: ENTRY_POINT },
  },
  {
    name: 'repositories-know-no-caller',
    severity: 'error',
    from: { path: '\\.repository\\.ts$' },
    to: { path: '\\.(service|ingest|controller|socket|responder|publisher|sweeper|module)\\.ts$' },
  },
  {
    name: 'product-knows-no-tooling',
    severity: 'error',
    from: { path: '^(apps|libs)/', pathNot: TESTS },
    to: { path: '^(scripts|test)/' },
  },
  {
    name: 'product-needs-no-dev-dependency',
    severity: 'error',
    from: { path: '^(apps|libs|scripts/embedded)/', pathNot: TESTS },
    to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'nothing-unresolvable',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
  {
    name: 'no-cycles',
    severity: 'error',
    from: {},
    to: { circular: true },
  },
];

module.exports = {
  forbidden,
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['^dist/', '^test/rules/probes/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'require', 'node', 'default', 'types'],
    },
  },
};
