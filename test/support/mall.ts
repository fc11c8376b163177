import { createHash, generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto';
import { Api, type Answer, type RequestOptions } from './api.js';

/** An entity that is open for enrolment. */
export interface Mall {
  readonly entityId: string;
  /** One-time enrolment secret. */
  readonly secret: string;
}

/** Makes an entity, as an administrator does. */
export async function createMall(admin: Api, { entityId = `mall-${randomUUID().slice(0, 8)}` } = {}): Promise<Mall> {
  const { status, body } = await admin.post('/api/v1/entities', { entity_id: entityId, name: `Mall ${entityId}` });
  if (status >= 300) throw new Error(`creating ${entityId} answered ${status}: ${JSON.stringify(body)}`);
  return { entityId: body.entity_id, secret: body.enrolment_secret };
}

/** A P-256 key pair as an orchestrator has it. */
export interface DeviceKeys {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** SPKI PEM. */
  readonly pem: string;
}

export function newDeviceKeys(curve = 'P-256'): DeviceKeys {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curve });
  return { privateKey, publicKey, pem: String(publicKey.export({ type: 'spki', format: 'pem' })) };
}

/** How a signature is written and over what: once hashed, or twice as the public client does. */
export interface SignatureForm {
  readonly form?: 'der' | 'raw';
  readonly text?: 'base64' | 'base64url' | 'hex';
  readonly isHashedTwice?: boolean;
}

/** Signs a message for X-Signature. */
export function signatureOf(
  message: string | Uint8Array,
  key: KeyObject,
  { form = 'der', text = 'base64', isHashedTwice = false }: SignatureForm = {},
): string {
  const bytes = Buffer.from(message);
  const signed = isHashedTwice ? createHash('sha256').update(bytes).digest() : bytes;
  return sign('sha256', signed, { key, dsaEncoding: form === 'der' ? 'der' : 'ieee-p1363' }).toString(text);
}

export interface RegistrationOptions {
  readonly entityId: string;
  readonly secret?: string | undefined;
  readonly orchestratorId?: string;
  readonly keys?: DeviceKeys;
  /** Over the documents' sample. */
  readonly body?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
  readonly signature?: SignatureForm;
}

/** The documents' body of a registration. */
export function registrationBody({
  entityId,
  secret,
  orchestratorId = 'orch-001',
  keys = newDeviceKeys(),
  body = {},
}: RegistrationOptions): Record<string, unknown> {
  return {
    entity_id: entityId,
    orchestrator_id: orchestratorId,
    version: '0.1.0',
    capabilities: ['task_assignment', 'firmware_distribution', 'beacon_management'],
    public_key: keys.pem,
    heartbeat_interval: 60,
    local_address: 'https://orchestrator.mall-a.local:50051',
    ...(secret === undefined ? {} : { enrolment_secret: secret }),
    ...body,
  };
}

/** Sends one signed registration and answers whatever comes back. */
export function tryRegister(url: string, options: RegistrationOptions): Promise<Answer<any>> {
  const keys = options.keys ?? newDeviceKeys();
  const text = JSON.stringify(registrationBody({ ...options, keys }));
  return sendSigned(url, text, {
    'x-signature': signatureOf(text, keys.privateKey, options.signature),
    ...options.headers,
  });
}

/** Posts the exact text of a registration. */
export function sendSigned(url: string, text: string, headers: Record<string, string>): Promise<Answer<any>> {
  return new Api(url).send('POST', '/api/orchestrators/register', {
    rawBody: text,
    headers: { 'content-type': 'application/json', ...headers },
  });
}

/** An orchestrator that is registered: it keeps its token and says who it is with every request. */
export class MallOrchestrator {
  readonly entityId: string;
  /** The id that it asked for. */
  readonly orchestratorId: string;
  readonly keys: DeviceKeys;
  /** The id that it was given. */
  readonly assignedId: string;
  token: string;

  private constructor(
    readonly url: string,
    said: Required<Pick<RegistrationOptions, 'entityId' | 'orchestratorId' | 'keys'>>,
    readonly registration: Readonly<Record<string, any>>,
  ) {
    this.entityId = said.entityId;
    this.orchestratorId = said.orchestratorId;
    this.keys = said.keys;
    this.assignedId = registration['assigned_id'];
    this.token = registration['token'];
  }

  /** @throws Error when it is refused. */
  static async register(url: string, options: RegistrationOptions): Promise<MallOrchestrator> {
    const { orchestratorId = 'orch-001', keys = newDeviceKeys() } = options;
    const { status, body } = await tryRegister(url, { ...options, orchestratorId, keys });
    if (status >= 300) throw new Error(`registering answered ${status}: ${JSON.stringify(body)}`);
    return new MallOrchestrator(url, { entityId: options.entityId, orchestratorId, keys }, body);
  }

  /** Makes a mall and registers its orchestrator. */
  static async ofNewMall(
    admin: Api,
    options: Partial<RegistrationOptions> & { url?: string } = {},
  ): Promise<MallOrchestrator> {
    const { entityId, secret } = await createMall(admin, options);
    return MallOrchestrator.register(options.url ?? admin.url, { ...options, entityId, secret });
  }

  /** The headers of every request of its. */
  get headers(): Record<string, string> {
    return {
      authorization: `Bearer ${this.token}`,
      'x-entity-id': this.entityId,
      'x-orchestrator-id': this.assignedId,
    };
  }

  get<T = any>(path: string, options: RequestOptions = {}): Promise<Answer<T>> {
    return this.send('GET', path, options);
  }

  post<T = any>(path: string, body?: unknown, options: RequestOptions = {}): Promise<Answer<T>> {
    return this.send('POST', path, { ...options, body });
  }

  send<T = any>(method: string, path: string, options: RequestOptions = {}): Promise<Answer<T>> {
    return new Api(this.url).send<T>(method, path, { ...options, headers: { ...this.headers, ...options.headers } });
  }

  /** One heartbeat as the documents show it. */
  heartbeat(more: Record<string, unknown> = {}, options: RequestOptions = {}): Promise<Answer<any>> {
    const body = {
      orchestrator_id: this.assignedId,
      entity_id: this.entityId,
      status: 'healthy',
      version: '0.1.0',
      uptime_seconds: 86_400,
      connected_robots: 12,
      active_tasks: 3,
      pending_tasks: 1,
      metrics: { cpu_percent: 25.5, memory_used_mb: 512, disk_used_gb: 2.5, cache_size_mb: 100 },
      timestamp: new Date().toISOString(),
      ...more,
    };
    return this.post('/api/orchestrators/heartbeat', body, options);
  }
}
