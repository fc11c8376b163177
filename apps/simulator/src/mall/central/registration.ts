import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { HTTP_HEADERS, ORCHESTRATOR_CAPABILITIES, ROUTES } from '#libs/contracts';
import type { Log } from '../../log.js';
import type { SealedFiles } from '../store/sealed.file.js';
import type { CentralClient, Identity } from './central.client.js';

const Granted = Compile(
  Type.Object({
    token: Type.String(),
    expires_at: Type.Integer({ description: 'Unix seconds' }),
    assigned_id: Type.String(),
    initial_sync_required: Type.Boolean(),
  }),
);
const Refreshed = Compile(Type.Object({ token: Type.String(), expires_at: Type.Integer() }));
const Kept = Compile(
  Type.Object({ token: Type.String(), expiresAtS: Type.Integer(), assignedId: Type.String(), entityId: Type.String() }),
);

/** What an orchestrator says of itself when it registers. */
export interface Introduction {
  readonly entityId: string;
  readonly orchestratorId: string;
  readonly version: string;
  readonly heartbeatIntervalS: number;
  readonly localAddress: string;
  readonly enrolmentSecret: string | undefined;
}

interface Grant extends Identity {
  readonly expiresAtS: number;
}

const TOKEN_FILE = 'token';
const KEY_FILE = 'key';
const DAY_S = 86_400;
/** Tokens live seven days and may be renewed from the fifth on. */
const RENEW_BEFORE_S = 2 * DAY_S;

/** The orchestrator's key pair and token, kept over restarts: it registers once and renews from then on. */
export class Registration {
  private readonly privateKey: KeyObject;
  private grant: Grant | undefined;
  private isNew = false;

  constructor(
    private readonly files: SealedFiles,
    private readonly introduction: Introduction,
    private readonly log: Log,
  ) {
    this.privateKey = loadOrCreateKey(files);
    this.grant = readGrant(files.read(TOKEN_FILE), introduction.entityId);
  }

  get identity(): Identity | undefined {
    return this.grant;
  }

  /** Whether the platform asked for a full sync when the orchestrator registered. */
  get isInitialSyncRequired(): boolean {
    return this.isNew;
  }

  /** Makes sure that there is a token. @throws CentralRefusedError, CentralAwayError */
  async ensure(central: CentralClient): Promise<void> {
    if (!this.grant) await this.register(central);
  }

  /** Renews a token that ends soon; one that the platform does not take any more is replaced by registering. */
  async renew(central: CentralClient, nowS: number): Promise<void> {
    if (this.grant && this.grant.expiresAtS - nowS > RENEW_BEFORE_S) return;
    await this.replace(central);
  }

  /** Gets a new token now: by renewing, or by registering anew where that is refused. */
  async replace(central: CentralClient): Promise<void> {
    try {
      const answer = await central.post(ROUTES.orchestratorsRefreshToken.path, {});
      if (!Refreshed.Check(answer) || !this.grant) throw new TypeError('the new token cannot be read');
      this.keep({ ...this.grant, token: answer.token, expiresAtS: answer.expires_at });
      this.log.info('token_renewed', { entity_id: this.introduction.entityId });
    } catch (error) {
      this.log.warn('token_not_renewed', { message: error instanceof Error ? error.message : String(error) });
      this.grant = undefined;
      await this.register(central);
    }
  }

  private async register(central: CentralClient): Promise<void> {
    const { entityId } = this.introduction;
    const body = JSON.stringify(this.toBody());
    const signature = sign('sha256', Buffer.from(body), { key: this.privateKey, dsaEncoding: 'ieee-p1363' });
    const headers = { 'content-type': 'application/json', [HTTP_HEADERS.signature]: signature.toString('base64') };
    const answer = await central.postRaw(ROUTES.orchestratorsRegister.path, headers, body);
    if (!Granted.Check(answer)) throw new TypeError('the answer to the registration cannot be read');
    this.isNew = answer.initial_sync_required;
    this.keep({ entityId, assignedId: answer.assigned_id, token: answer.token, expiresAtS: answer.expires_at });
    this.log.info('registered', { entity_id: entityId, orchestrator_id: answer.assigned_id });
  }

  private toBody(): object {
    const { entityId, orchestratorId, version, heartbeatIntervalS, localAddress, enrolmentSecret } = this.introduction;
    return {
      entity_id: entityId,
      orchestrator_id: orchestratorId,
      version,
      capabilities: ORCHESTRATOR_CAPABILITIES,
      public_key: createPublicKey(this.privateKey).export({ type: 'spki', format: 'pem' }),
      heartbeat_interval: heartbeatIntervalS,
      local_address: localAddress,
      ...(enrolmentSecret === undefined ? {} : { enrolment_secret: enrolmentSecret }),
    };
  }

  private keep(grant: Grant): void {
    this.grant = grant;
    this.files.write(TOKEN_FILE, grant);
  }
}

function loadOrCreateKey(files: SealedFiles): KeyObject {
  const kept = files.read(KEY_FILE);
  if (typeof kept === 'string') return createPrivateKey(kept);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  files.write(KEY_FILE, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  return privateKey;
}

function readGrant(kept: unknown, entityId: string): Grant | undefined {
  return Kept.Check(kept) && kept.entityId === entityId ? kept : undefined;
}
