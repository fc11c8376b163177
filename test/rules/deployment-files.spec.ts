import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseAllDocuments, parse } from 'yaml';

const ROOT = resolve(import.meta.dirname, '../..');
const BASE = join(ROOT, 'k8s/base');
const APPS = ['gateway', 'robots', 'commands', 'telemetry', 'orchestrators', 'beacons'];

type Resource = Record<string, any>;

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

function resources(): Resource[] {
  const { resources: files } = parse(read('k8s/base/kustomization.yaml')) as { resources: string[] };
  return files.flatMap((file) =>
    parseAllDocuments(readFileSync(join(BASE, file), 'utf8')).map((document) => {
      expect(document.errors).toEqual([]);
      return document.toJS() as Resource;
    }),
  );
}

const ofKind = (kind: string): Resource[] => resources().filter((resource) => resource.kind === kind);
const sourceOf = (program: string): string => program.replace('dist/', '').replace(/\.js$/, '.ts');

describe('the Kubernetes base', () => {
  it('has one deployment and one service per app, under matching labels', () => {
    expect(ofKind('Deployment').map(({ metadata }) => metadata.name)).toEqual(expect.arrayContaining(APPS));
    for (const { metadata, spec } of ofKind('Deployment')) {
      const service = ofKind('Service').find((candidate) => candidate.metadata.name === metadata.name)!;
      expect(spec.selector.matchLabels).toEqual(spec.template.metadata.labels);
      expect(service.spec.selector).toEqual(spec.selector.matchLabels);
    }
  });

  it('runs programs that exist', () => {
    for (const { spec } of [...ofKind('Deployment'), ...ofKind('Job')]) {
      const [container] = spec.template.spec.containers;
      expect(existsSync(join(ROOT, sourceOf(container.args[0])))).toBe(true);
    }
  });

  it('keeps liveness apart from readiness', () => {
    for (const { spec } of ofKind('Deployment')) {
      const [{ livenessProbe, readinessProbe }] = spec.template.spec.containers;
      expect(livenessProbe.httpGet.path).toBe('/health/live');
      expect(readinessProbe.httpGet.path).toBe('/health/ready');
    }
  });

  it('leaves the number of pods to an autoscaler', () => {
    const scaled = ofKind('HorizontalPodAutoscaler').map(({ spec }) => spec.scaleTargetRef.name);
    for (const { metadata, spec } of ofKind('Deployment')) {
      expect(spec.replicas).toBeUndefined();
      expect(scaled).toContain(metadata.name);
    }
  });

  it('gives the keys that mint devices to robots alone, and to each app its own credentials', () => {
    for (const { metadata, spec } of ofKind('Deployment')) {
      const { secret } = spec.template.spec.volumes.find((volume: Resource) => volume.name === 'nats');
      const files = secret.items.map((item: Resource) => item.path);
      expect(files).toContain(`${metadata.name}.creds`);
      expect(files.includes('keys.json')).toBe(metadata.name === 'robots');
    }
  });

  it('cuts no orderly shutdown off', () => {
    const [{ data }] = ofKind('ConfigMap') as [Resource];
    for (const { spec } of ofKind('Deployment')) {
      expect(spec.template.spec.terminationGracePeriodSeconds * 1000).toBeGreaterThan(Number(data.SHUTDOWN_TIMEOUT_MS));
    }
  });
});

describe('the TLS component', () => {
  const { patches, resources: files } = parse(read('k8s/components/tls/kustomization.yaml')) as Resource;

  it('patches what the base has', () => {
    for (const { target, patch } of patches) {
      const named = ofKind(target.kind).map(({ metadata }) => metadata.name);
      expect(named).toContain(target.name);
      for (const step of parse(patch) as Resource[])
        expect(step).toMatchObject({ op: 'add', path: expect.any(String) });
    }
  });

  it('ORC-115 shows gRPC on port 443 too, under a name of its own', () => {
    for (const file of files) {
      const ingress = parse(read(`k8s/components/tls/${file}`)) as Resource;
      expect(ingress.spec.tls[0].hosts).toEqual(ingress.spec.rules.map(({ host }: Resource) => host));
      expect(ingress.metadata.annotations['nginx.ingress.kubernetes.io/backend-protocol']).toBe('GRPCS');
    }
  });
});

describe('what faces the world', () => {
  it('ORC-115 is one host behind TLS on port 443, with a certificate that renews itself', () => {
    for (const { spec, metadata } of ofKind('Ingress')) {
      expect(spec.tls).toEqual([{ hosts: [expect.any(String)], secretName: 'muster-tls' }]);
      expect(metadata.annotations['cert-manager.io/cluster-issuer']).toBeDefined();
      expect(metadata.annotations['nginx.ingress.kubernetes.io/force-ssl-redirect']).toBe('true');
      expect(spec.rules.map(({ host }: Resource) => host)).toEqual(spec.tls[0].hosts);
    }
    expect(ofKind('Ingress').length).toBeGreaterThan(0);
  });

  it('ORC-115 is the gateway alone: no service has a port of the cluster’s nodes', () => {
    for (const { spec } of ofKind('Service')) expect([undefined, 'ClusterIP']).toContain(spec.type);
    const backends = ofKind('Ingress').flatMap(({ spec }) =>
      spec.rules.flatMap(({ http }: Resource) => http.paths.map(({ backend }: Resource) => backend.service.name)),
    );
    expect(new Set(backends)).toEqual(new Set(['gateway']));
  });

  it('ORC-122 is backed up every day: the database, the firmware, and a copy elsewhere', () => {
    const [{ spec }] = ofKind('CronJob') as [Resource];
    expect(spec.schedule).toMatch(/^\d+ \d+ \* \* \*$/);
    expect(spec.concurrencyPolicy).toBe('Forbid');
    const pod = spec.jobTemplate.spec.template.spec;
    const steps = [...pod.initContainers, ...pod.containers].map(({ name }: Resource) => name);
    expect(steps).toEqual(['database', 'firmware', 'mirror']);
  });
});

describe('the compose file', () => {
  const { services, volumes } = parse(read('docker/compose.yaml'), { merge: true }) as Resource;

  it('runs every app, and programs that exist', () => {
    expect(Object.keys(services)).toEqual(expect.arrayContaining(APPS));
    for (const { image, command } of Object.values<Resource>(services)) {
      if (image === 'muster') expect(existsSync(join(ROOT, sourceOf(command[0])))).toBe(true);
    }
  });

  it('names only volumes and dependencies that it declares', () => {
    for (const service of Object.values<Resource>(services)) {
      for (const volume of service.volumes ?? []) expect(Object.keys(volumes)).toContain(String(volume).split(':')[0]);
      const needed = Array.isArray(service.depends_on) ? service.depends_on : Object.keys(service.depends_on ?? {});
      for (const name of needed) expect(Object.keys(services)).toContain(name);
    }
  });

  it('has no password of its own', () => {
    expect(read('docker/compose.yaml')).not.toMatch(/PASSWORD: (?!\$\{\w+:\?)/);
  });
});

describe('the Dockerfile', () => {
  it('copies what the build compiles', () => {
    const { include } = JSON.parse(read('tsconfig.json')) as { include: string[] };
    const [buildStage = ''] = read('docker/Dockerfile').split('AS packages');
    const copied = [...buildStage.matchAll(/^COPY (\w+) \1$/gm)].map(([, folder]) => folder);
    expect(copied).toEqual(include.map((pattern) => pattern.split('/')[0]));
  });

  it('holds the AsyncAPI document, which the gateway serves', () => {
    expect(read('docker/Dockerfile')).toMatch(/^COPY docs\/asyncapi\.json docs\/$/m);
    expect(read('.dockerignore').split('\n')).toEqual(expect.arrayContaining(['docs/*', '!docs/asyncapi.json']));
  });

  it('holds the gRPC contract, from which the gateway’s server is made', () => {
    expect(read('docker/Dockerfile').split('AS packages')[1]).toMatch(/^COPY proto proto$/m);
  });

  it('runs without root', () => {
    expect(read('docker/Dockerfile')).toMatch(/^USER node$/m);
  });
});
