import { Injectable } from '@nestjs/common';
import {
  DISPATCHABILITY_NOTICE,
  ROBOT_EVENTS,
  type RobotEventName,
  type RobotReportDto,
  robotEventSubject,
} from '#libs/contracts';
import { BrokerConnection, JetStreamPublisher, type StreamPosition } from '#libs/jetstream';
import { positionKey } from './snapshots/report.js';

/** A stored report and what else its event tells. */
export interface ReportEvent {
  readonly report: RobotReportDto & { readonly position: StreamPosition };
  readonly more?: Readonly<Record<string, unknown>>;
}

/** Tells what a robot reported, and what the other services must know at once. */
@Injectable()
export class RobotPublisher {
  constructor(
    private readonly publisher: JetStreamPublisher,
    private readonly broker: BrokerConnection,
  ) {}

  /** The id is the report's position: telling it again after a redelivery adds nothing. */
  async reported(name: RobotEventName, { report, more = {} }: ReportEvent): Promise<void> {
    const { robotId, receivedAt, payload, position } = report;
    const { event } = ROBOT_EVENTS[name];
    const body = JSON.stringify({ robotId, receivedAt, ...more, payload });
    const messageId = `${robotId}:${event}:${positionKey(position)}`;
    await this.publisher.publish(robotEventSubject(robotId, event), body, { messageId });
  }
  /** To be called before the answer to whoever changed it, so that it overtakes what they ask next. */
  dispatchabilityChanged(robotId: string): void {
    if (this.broker.isConnected) this.broker.nc.publish(DISPATCHABILITY_NOTICE, robotId);
  }
}
