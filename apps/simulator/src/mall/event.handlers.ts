import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { ORCHESTRATOR_NOTICES, ROUTES, type OrchestratorEventName } from '#libs/contracts';
import type { Log } from '../log.js';
import type { BeaconFleet } from './beacons/beacon.fleet.js';
import type { CentralClient } from './central/central.client.js';
import type { ReceivedEvent } from './central/event.stream.js';
import type { FirmwareShelf } from './firmware/firmware.shelf.js';
import type { MapSync } from './store/map.sync.js';
import type { SealedFiles } from './store/sealed.file.js';
import { readSelectionParams } from './tasks/robot.selection.js';
import type { MallTask, TaskDesk } from './tasks/task.desk.js';

const Place = Type.Object({
  coordinates: Type.Object({ x: Type.Number(), y: Type.Number(), floor: Type.Optional(Type.Unknown()) }),
});
const Task = Compile(Type.Object({ task_id: Type.String(), source: Place, destination: Place }));
const Cancel = Compile(Type.Object({ task_id: Type.String() }));
const DataUpdate = Compile(Type.Object({ checksum: Type.String() }));
const Firmware = Compile(Type.Object({ firmware_id: Type.String() }));
const Config = Compile(Type.Object({ type: Type.String(), version: Type.Integer(), config: Type.Unknown() }));
const LogRequest = Compile(Type.Object({ beacon_id: Type.String(), since: Type.String(), request_id: Type.String() }));

export interface HandlerParts {
  readonly central: CentralClient;
  readonly sync: MapSync;
  readonly shelf: FirmwareShelf;
  readonly desk: TaskDesk;
  readonly beacons: BeaconFleet;
  readonly files: SealedFiles;
  readonly log: Log;
}

type Handlers = Readonly<Record<OrchestratorEventName | 'resync_required', (event: ReceivedEvent) => Promise<void>>>;

const CONFIG_FILE = 'config';

/** What an orchestrator does about each event (orchestrators.txt 2). */
export class EventHandlers {
  private readonly handlers: Handlers = {
    data_update: (event) => this.dataUpdate(event),
    firmware_update: (event) => this.firmwareUpdate(event),
    task_create: (event) => this.taskCreate(event),
    task_cancel: (event) => this.taskCancel(event),
    config_update: (event) => this.configUpdate(event),
    access_log_request: (event) => this.accessLogRequest(event),
    [ORCHESTRATOR_NOTICES.resyncRequired]: () => this.parts.sync.full('resync_required'),
  };
  /** Key: type of configuration. */
  private readonly versions: Map<string, number>;

  constructor(private readonly parts: HandlerParts) {
    const kept = parts.files.read(CONFIG_FILE);
    this.versions = new Map(Object.entries(isVersions(kept) ? kept : {}));
  }

  /** Events of a kind that this version does not know are passed over. */
  async handle(event: ReceivedEvent): Promise<void> {
    const handler = Object.entries(this.handlers).find(([name]) => name === event.name)?.[1];
    await handler?.(event);
  }

  private async dataUpdate(event: ReceivedEvent): Promise<void> {
    if (!DataUpdate.Check(event.data)) return;
    await this.parts.sync.follow(event.data.checksum);
    await this.acknowledge(event, 'applied');
  }

  /** The file is fetched at once, so that beacons get it here, whatever becomes of the line. */
  private async firmwareUpdate({ data }: ReceivedEvent): Promise<void> {
    if (!Firmware.Check(data)) return;
    const { firmware_id } = await this.parts.shelf.get(data.firmware_id);
    this.parts.log.info('firmware_announced', { firmware_id, by: ['mdns', 'ble'] });
  }

  private taskCreate({ data }: ReceivedEvent): Promise<void> {
    if (Task.Check(data)) this.parts.desk.take(toTask(data));
    return Promise.resolve();
  }

  private taskCancel({ data }: ReceivedEvent): Promise<void> {
    if (Cancel.Check(data)) this.parts.desk.cancel(data.task_id);
    return Promise.resolve();
  }

  private async configUpdate(event: ReceivedEvent): Promise<void> {
    if (!Config.Check(event.data)) return;
    const { type, version, config } = event.data;
    if (version <= (this.versions.get(type) ?? 0)) return;
    const params = type === 'robot_selection_params' ? readSelectionParams(config) : undefined;
    if (params) this.parts.desk.use(params);
    this.versions.set(type, version);
    this.parts.files.write(CONFIG_FILE, Object.fromEntries(this.versions));
    await this.acknowledge(event, params || type !== 'robot_selection_params' ? 'applied' : 'rejected');
  }

  private accessLogRequest({ data }: ReceivedEvent): Promise<void> {
    if (LogRequest.Check(data)) {
      this.parts.beacons.answerRequest(data.beacon_id, new Date(data.since), data.request_id);
    }
    return Promise.resolve();
  }

  private async acknowledge({ id }: ReceivedEvent, status: 'applied' | 'rejected'): Promise<void> {
    if (id === undefined) return;
    await this.parts.central.post(ROUTES.orchestratorsAckEvent.path.replace(':eventId', id), { status });
  }
}

interface TaskData {
  readonly task_id: string;
  readonly source: { readonly coordinates: { readonly x: number; readonly y: number } };
  readonly destination: { readonly coordinates: { readonly x: number; readonly y: number; readonly floor?: unknown } };
}

function toTask({ task_id, source, destination }: TaskData): MallTask {
  const { x, y, floor } = destination.coordinates;
  return {
    taskId: task_id,
    from: { x: source.coordinates.x, y: source.coordinates.y },
    to: { x, y, floor: typeof floor === 'string' ? floor : 'L1' },
  };
}

function isVersions(value: unknown): value is Record<string, number> {
  return typeof value === 'object' && value !== null && Object.values(value).every((one) => typeof one === 'number');
}
