import { randomUUID } from 'node:crypto';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { MAX_BATCH_LOGS, ROUTES } from '#libs/contracts';
import type { Clock, StopTimer } from '../../clock.js';
import { type Log, reasonOf } from '../../log.js';
import type { Random } from '../../world/random.js';
import { type CentralClient, CentralRefusedError } from '../central/central.client.js';
import type { FirmwareShelf } from '../firmware/firmware.shelf.js';
import type { MallPace } from '../mall.pace.js';
import type { UploadQueue } from '../store/upload.queue.js';
import type { AccessLogLine } from './access.log.js';
import type { SimulatedBeacon } from './simulated.beacon.js';

const Registered = Compile(Type.Object({ beacon_id: Type.String() }));
const Heard = Compile(
  Type.Object({
    next_heartbeat_seconds: Type.Number(),
    commands: Type.Array(Type.Object({ type: Type.String(), firmware_id: Type.Optional(Type.Unknown()) })),
  }),
);

export interface BeaconFleetOptions {
  readonly beacons: readonly SimulatedBeacon[];
  readonly entityId: string;
  readonly central: CentralClient;
  readonly shelf: FirmwareShelf;
  readonly queue: UploadQueue;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly pace: MallPace;
  readonly signal: AbortSignal;
}

/** The mall's beacons, as the orchestrator looks after them. */
export class BeaconFleet {
  /** Lines since the last flush, key: beacon id. */
  private readonly lines = new Map<string, AccessLogLine[]>();
  /** Lines that were flushed within the last day, for whoever asks for them again; key: beacon id. */
  private readonly history = new Map<string, AccessLogLine[]>();
  private readonly timers: StopTimer[] = [];
  readonly counts = { updated: 0, rolledBack: 0, failed: 0 };

  constructor(private readonly options: BeaconFleetOptions) {}

  /** Registers what is not registered yet, and starts everything that runs by itself. */
  async start(): Promise<void> {
    const { beacons, clock, pace, signal } = this.options;
    this.timers.push(
      clock.every(pace.visitMs, () => this.visit()),
      clock.every(pace.flushLogsMs, () => this.flushLogs()),
    );
    for (const [index, beacon] of beacons.entries()) {
      if (signal.aborted) return;
      // Spread over an interval, so that the platform hears them one by one.
      const offsetMs = Math.round((index / beacons.length) * pace.beaconHeartbeatMs);
      this.timers.push(clock.after(offsetMs, () => this.beat(beacon)));
    }
  }

  stop(): void {
    for (const stop of this.timers.splice(0)) stop();
  }

  get registeredCount(): number {
    return this.options.beacons.filter(({ beaconId }) => beaconId !== undefined).length;
  }

  /** Key of a device that is one of ours. */
  keyOf(deviceId: string): string | undefined {
    return this.options.beacons.find((beacon) => beacon.deviceId === deviceId)?.publicKeyPem;
  }

  /** Uploads what a beacon noted since an instant; closes the request. */
  answerRequest(beaconId: string, since: Date, requestId: string): void {
    this.flushLogs();
    const lines = (this.history.get(beaconId) ?? []).filter(
      ({ timestamp }) => Date.parse(timestamp) >= since.getTime(),
    );
    for (const part of partsOf(lines)) this.queueLogs(beaconId, part, requestId);
    this.flush();
  }

  private beat(beacon: SimulatedBeacon): void {
    const { clock, pace, signal } = this.options;
    void this.hear(beacon).finally(() => {
      if (!signal.aborted) this.timers.push(clock.after(pace.beaconHeartbeatMs, () => this.beat(beacon)));
      // Timers that have run are of no use any more.
      if (this.timers.length > 4 * this.options.beacons.length) this.timers.splice(2, this.options.beacons.length);
    });
  }

  private async hear(beacon: SimulatedBeacon): Promise<void> {
    const { central, entityId, log } = this.options;
    try {
      if (beacon.beaconId === undefined) await this.register(beacon);
      const body = { entity_id: entityId, ...beacon.heartbeat() };
      const answer = await central.post(ROUTES.beaconsHeartbeat.path, body);
      if (!Heard.Check(answer)) return;
      const update = answer.commands.find(({ type }) => type === 'firmware_update');
      if (update && typeof update.firmware_id === 'string' && !beacon.isUpdating) {
        await this.update(beacon, update.firmware_id);
      }
    } catch (error) {
      // Somebody removed it: with its next beat it introduces itself anew.
      if (isUnknown(error)) beacon.beaconId = undefined;
      log.warn('beacon_not_heard', { device_id: beacon.deviceId, message: reasonOf(error) });
    }
  }

  private async register(beacon: SimulatedBeacon): Promise<void> {
    const { central, entityId } = this.options;
    const body = { entity_id: entityId, ...beacon.introduction() };
    const answer = await central.post(ROUTES.beaconsRegister.path, body);
    if (!Registered.Check(answer)) throw new TypeError('the answer to the registration cannot be read');
    beacon.beaconId = answer.beacon_id;
  }

  private async update(beacon: SimulatedBeacon, firmwareId: string): Promise<void> {
    const { shelf, queue } = this.options;
    const { version, checksum, rollout_id } = await shelf.get(firmwareId);
    const offered = { firmwareId, version, checksum, rolloutId: rollout_id ?? null };
    await beacon.update(
      offered,
      () => shelf.read(firmwareId),
      (step) => {
        if (step.status === 'success') this.counts.updated++;
        if (step.status === 'rolled_back') this.counts.rolledBack++;
        if (step.status === 'failed') this.counts.failed++;
        queue.add({
          id: randomUUID(),
          type: 'firmware_status',
          body: {
            firmware_id: firmwareId,
            rollout_id: offered.rolloutId,
            beacon_id: beacon.beaconId,
            status: step.status,
            previous_version: step.previousVersion,
            new_version: step.newVersion,
            updated_at: new Date(this.options.clock.nowMs()).toISOString(),
            duration_seconds: Math.round(step.durationS),
            error: step.error,
          },
        });
      },
    );
    this.flush();
  }

  private visit(): void {
    const { beacons, random } = this.options;
    const beacon = beacons[Math.floor(random.next() * beacons.length)];
    if (beacon?.beaconId === undefined) return;
    const lines = this.lines.get(beacon.beaconId) ?? [];
    this.lines.set(beacon.beaconId, [...lines, beacon.admitSomebody()]);
  }

  private flushLogs(): void {
    for (const [beaconId, lines] of this.lines) {
      for (const part of partsOf(lines)) this.queueLogs(beaconId, part);
      this.history.set(beaconId, [...(this.history.get(beaconId) ?? []), ...lines].slice(-HISTORY_LINES));
    }
    this.lines.clear();
    this.flush();
  }

  private queueLogs(beaconId: string, logs: readonly AccessLogLine[], requestId?: string): void {
    this.options.queue.add({
      id: randomUUID(),
      type: 'access_logs',
      body: {
        beacon_id: beaconId,
        logs,
        batch_id: `batch-${randomUUID()}`,
        total_logs: logs.length,
        ...(requestId === undefined ? {} : { request_id: requestId }),
      },
    });
  }

  private flush(): void {
    void this.options.queue.flush();
  }
}

const HISTORY_LINES = 10_000;

/** At least one part, so that a request about a quiet beacon is answered as well. */
function partsOf(lines: readonly AccessLogLine[]): (readonly AccessLogLine[])[] {
  const parts = Array.from({ length: Math.ceil(lines.length / MAX_BATCH_LOGS) }, (_, part) =>
    lines.slice(part * MAX_BATCH_LOGS, (part + 1) * MAX_BATCH_LOGS),
  );
  return parts.length > 0 ? parts : [[]];
}

function isUnknown(error: unknown): boolean {
  return error instanceof CentralRefusedError && error.code === 'BEACON_NOT_REGISTERED';
}
