import { join } from 'node:path';
import { HEARTBEAT_INTERVAL_S } from '#libs/contracts';
import type { Clock } from '../clock.js';
import { type Log, reasonOf } from '../log.js';
import { waitFor } from '../waiting.js';
import { seededRandom, seedOf } from '../world/random.js';
import { BeaconDoor } from './beacons/beacon.door.js';
import { BeaconFleet } from './beacons/beacon.fleet.js';
import type { SimulatedBeacon } from './beacons/simulated.beacon.js';
import { CentralClient, type Identity } from './central/central.client.js';
import { EventStream, type ReceivedEvent } from './central/event.stream.js';
import { Registration } from './central/registration.js';
import { ReportUploader } from './central/report.uploader.js';
import { EventHandlers } from './event.handlers.js';
import { FirmwareShelf } from './firmware/firmware.shelf.js';
import { Heartbeats } from './heartbeats.js';
import { LocalServer } from './local.server.js';
import { OrchestratorMetrics } from './orchestrator.metrics.js';
import { MapSync } from './store/map.sync.js';
import { SealedFiles } from './store/sealed.file.js';
import { UploadQueue } from './store/upload.queue.js';
import type { MallPace } from './mall.pace.js';
import type { MallRobot } from './tasks/robot.selection.js';
import { TaskDesk } from './tasks/task.desk.js';
import { toHealth, toHeartbeat, type Vitals } from './vitals.js';

export interface OrchestratorOptions {
  readonly url: string;
  readonly entityId: string;
  readonly orchestratorId: string;
  readonly enrolmentSecret: string | undefined;
  /** Its own disk. */
  readonly directory: string;
  readonly beacons: readonly SimulatedBeacon[];
  readonly robots: readonly MallRobot[];
  readonly seed: number;
  readonly failureRate: number;
  readonly heartbeatS?: number;
  readonly pace: MallPace;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

const VERSION = '0.1.0';
const MS = 1_000;

/** One mall's orchestrator: opens every connection itself, and goes on alone while the central server is away. */
export class Orchestrator {
  readonly sync: MapSync;
  readonly stream: EventStream;
  readonly shelf: FirmwareShelf;
  readonly desk: TaskDesk;
  readonly fleet: BeaconFleet;
  readonly queue: UploadQueue;
  private readonly registration: Registration;
  private readonly central: CentralClient;
  private readonly handlers: EventHandlers;
  private readonly local: LocalServer;
  private readonly metrics = new OrchestratorMetrics();
  private readonly bornMs: number;
  private readonly heartbeats: Heartbeats;
  /** Where beacons and people of the mall reach it. */
  localUrl = '';

  constructor(private readonly options: OrchestratorOptions) {
    const { url, entityId, directory, clock, log, signal } = options;
    this.bornMs = clock.nowMs();
    const files = new SealedFiles(directory);
    this.registration = new Registration(files, introductionOf(options), log);
    this.central = new CentralClient({ url, identity: () => this.registration.identity, clock, log, signal });
    this.sync = new MapSync(this.central, files, entityId, log);
    this.shelf = new FirmwareShelf(this.central, files, join(directory, 'firmware'), log);
    const uploader = new ReportUploader(this.central, entityId, log);
    this.queue = new UploadQueue(files, (reports) => uploader.upload(reports));
    this.desk = this.makeDesk();
    this.fleet = this.makeFleet();
    const { central, sync, shelf, desk, fleet: beacons } = this;
    this.handlers = new EventHandlers({ central, sync, shelf, desk, beacons, files, log });
    this.stream = this.makeStream(files);
    this.heartbeats = new Heartbeats({
      central,
      intervalS: options.heartbeatS,
      body: () => toHeartbeat(this.vitals()),
      heard: (wasAway) => this.heard(wasAway),
      obey: (command) => this.obey(command),
      clock,
      log,
      signal,
    });
    this.local = new LocalServer({
      shelf,
      door: new BeaconDoor((deviceId) => beacons.keyOf(deviceId), clock),
      health: () => toHealth(this.vitals()),
      metrics: () => this.observe().then(() => this.metrics.text()),
    });
  }

  /** Runs until the signal is aborted. Registers first; waits for the central server as long as it takes. */
  async run(): Promise<void> {
    const { clock, signal, log } = this.options;
    this.localUrl = await this.local.listen();
    this.desk.start();
    try {
      for (let failures = 0; !signal.aborted; failures++) {
        if (await this.begin()) break;
        await waitFor(clock, Math.min(failures + 1, 6) * 5 * MS, signal);
      }
      await this.fleet.start();
      await Promise.all([this.stream.run(), this.heartbeats.run()]);
    } finally {
      this.fleet.stop();
      this.desk.stop();
      await this.local.close();
      log.info('orchestrator_stopped', { entity_id: this.options.entityId });
    }
  }

  private vitals(): Vitals {
    const nowMs = this.options.clock.nowMs();
    return {
      entityId: this.options.entityId,
      assignedId: this.registration.identity?.assignedId ?? '',
      version: VERSION,
      isCentralUp: this.heartbeats.isCentralUp,
      cachedRecords: this.sync.cache.count,
      robots: this.desk.robotCount,
      activeTasks: this.desk.activeCount,
      pendingTasks: this.desk.pendingCount,
      uptimeS: Math.round((nowMs - this.bornMs) / MS),
      at: new Date(nowMs),
    };
  }

  private async begin(): Promise<boolean> {
    try {
      await this.registration.ensure(this.central);
      if (this.registration.isInitialSyncRequired) await this.sync.full('initial');
      else await this.sync.start(this.options.clock.nowMs());
      return true;
    } catch (error) {
      this.options.log.warn('orchestrator_waits', { message: reasonOf(error) });
      // A mall that was synced before works on its cache; the stream and the heartbeats find the way back.
      return this.registration.identity !== undefined && this.sync.cache.count > 0;
    }
  }

  /** After a heartbeat that was heard: what waited goes up, and after an outage the map is compared. */
  private async heard(wasAway: boolean): Promise<void> {
    await this.queue.flush();
    await this.registration.renew(this.central, Math.floor(this.options.clock.nowMs() / MS));
    if (wasAway) await this.sync.verify();
  }

  private async obey(command: string): Promise<void> {
    if (command === 'resync') await this.sync.full('command');
    if (command === 'rotate_token') await this.registration.replace(this.central);
  }

  private makeStream(files: SealedFiles): EventStream {
    const { url, clock, log, signal } = this.options;
    return new EventStream({
      url,
      identity: () => this.requireIdentity(),
      files,
      clock,
      log,
      signal,
      handle: (event) => this.timed(event),
      refused: () => this.registration.replace(this.central),
    });
  }

  private async timed(event: ReceivedEvent): Promise<void> {
    const stop = this.metrics.eventSeconds.startTimer();
    try {
      await this.handlers.handle(event);
    } finally {
      stop();
    }
  }

  private requireIdentity(): Identity {
    const { identity } = this.registration;
    if (!identity) throw new Error('the orchestrator is not registered');
    return identity;
  }

  private makeDesk(): TaskDesk {
    const { robots, clock, seed, failureRate, entityId, pace } = this.options;
    return new TaskDesk({
      robots,
      report: (type, body) => {
        this.queue.add({ id: crypto.randomUUID(), type, body });
        void this.queue.flush();
      },
      clock,
      random: seededRandom(seedOf(`${entityId} tasks`, seed)),
      tickMs: pace.taskTickMs,
      speedMps: pace.robotSpeedMps,
      failureRate: failureRate / 10,
    });
  }

  private makeFleet(): BeaconFleet {
    const { beacons, entityId, clock, seed, log, signal, pace } = this.options;
    const { central, shelf, queue } = this;
    const random = seededRandom(seedOf(`${entityId} visitors`, seed));
    return new BeaconFleet({ beacons, entityId, central, shelf, queue, clock, random, log, signal, pace });
  }

  private observe(): Promise<void> {
    const { hits, misses } = this.shelf;
    const { assigned, unassignable } = this.desk.counts;
    const aliveMs = Math.max(1, this.options.clock.nowMs() - this.bornMs);
    this.metrics.uptimePercent.set((100 * this.stream.uptimeMs) / aliveMs);
    this.metrics.firmwareHitRate.set(hits / Math.max(1, hits + misses));
    this.metrics.assignmentSuccessRate.set(assigned / Math.max(1, assigned + unassignable));
    return Promise.resolve();
  }
}

function introductionOf({ entityId, orchestratorId, enrolmentSecret, heartbeatS }: OrchestratorOptions) {
  return {
    entityId,
    orchestratorId,
    version: VERSION,
    heartbeatIntervalS: heartbeatS ?? HEARTBEAT_INTERVAL_S.usual,
    localAddress: `https://orchestrator.${entityId}.local:50051`,
    enrolmentSecret,
  };
}
