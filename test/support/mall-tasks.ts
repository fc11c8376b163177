import { jetstream } from '@nats-io/jetstream';
import { orchestratorEventSubject } from '#libs/contracts';
import type { Api, Answer } from './api.js';
import type { MallStage } from './mall-stage.js';

/** The documents' delivery (orchestrators.txt 2.3). */
export function deliveryFor(entityId: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    entity_id: entityId,
    type: 'delivery',
    priority: 'high',
    source: { area_id: 'area-merchant-5', coordinates: { x: 100.5, y: 50.2, z: 0, floor: 'L1' } },
    destination: { area_id: 'area-entrance-3', coordinates: { x: 200.5, y: 150.2, z: 0, floor: 'L2' } },
    payload: { order_id: 'order-789', customer_phone: '+1234567890' },
    ...more,
  };
}

/** Orders a delivery; answers its id. @throws Error when it is refused. */
export async function orderTask(api: Api, entityId: string, more: Record<string, unknown> = {}): Promise<string> {
  const { status, body } = await api.post('/api/tasks', deliveryFor(entityId, more));
  if (status !== 201) throw new Error(`ordering a task answered ${status}: ${JSON.stringify(body)}`);
  return body.task_id;
}

/** Whoever reports: an orchestrator, or an `Api` with a robot's token. */
export interface Reporter {
  post(path: string, body?: unknown, options?: { headers?: Record<string, string> }): Promise<Answer<any>>;
}

const report = (who: Reporter, kind: string, body: unknown, headers = {}): Promise<Answer<any>> =>
  who.post(`/api/orchestrators/tasks/${kind}`, body, { headers });

/** The documents' report of an assignment. */
export function assignTask(who: Reporter, taskId: string, more: Record<string, unknown> = {}): Promise<Answer<any>> {
  return report(who, 'assign', {
    task_id: taskId,
    robot_id: 'robot-007',
    assigned_at: new Date().toISOString(),
    estimated_duration_seconds: 180,
    path: { distance_meters: 150.5, floors: ['L1', 'L2'], waypoints: 12 },
    ...more,
  });
}

/** One status report. */
export function statusOf(taskId: string, status: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { task_id: taskId, robot_id: 'robot-007', status, timestamp: new Date().toISOString(), ...more };
}

export function reportStatus(who: Reporter, body: unknown): Promise<Answer<any>> {
  return report(who, 'status', body);
}

/** The documents' report of a completion. */
export function completeTask(
  who: Reporter,
  taskId: string,
  more: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Promise<Answer<any>> {
  const body = {
    task_id: taskId,
    robot_id: 'robot-007',
    status: 'completed',
    completed_at: new Date().toISOString(),
    duration_seconds: 195,
    actual_path: { distance_meters: 152.3, deviation_meters: 5.2 },
    delivery_proof: {
      photo_url: 'https://orchestrator.local/media/proof-001.jpg',
      signature: 'base64-encoded-signature',
    },
    ...more,
  };
  return report(who, 'complete', body, headers);
}

/** What the stream keeps for an entity's orchestrator about one task, oldest first. */
export async function toldAbout(stage: MallStage, entityId: string, taskId: string): Promise<any[]> {
  const broker = await stage.broker.connect('admin');
  try {
    const filter_subjects = orchestratorEventSubject(entityId);
    const consumer = await jetstream(broker).consumers.get('ORCHESTRATOR_EVENTS', { filter_subjects });
    const { num_pending } = await consumer.info();
    const found: any[] = [];
    for (let n = 0; n < num_pending; n += 1) found.push((await consumer.next({ expires: 2_000 }))?.json());
    return found.filter(({ data }) => data.task_id === taskId);
  } finally {
    await broker.close();
  }
}
