import { jetstreamManager } from '@nats-io/jetstream';
import { Injectable } from '@nestjs/common';
import { robotConsumers } from '#libs/contracts';
import { BrokerConnection, provisionConsumer } from '#libs/jetstream';

const NOT_FOUND = 404;

/** The durables that keep a robot's commands and desired settings while it is away. */
@Injectable()
export class RobotDurables {
  constructor(private readonly broker: BrokerConnection) {}

  async provision(robotId: string): Promise<void> {
    const { commands, settings } = robotConsumers(robotId);
    await Promise.all([provisionConsumer(this.broker, commands), provisionConsumer(this.broker, settings)]);
  }

  /** Removes them; those that are not there stay so. */
  async remove(robotId: string): Promise<void> {
    const { consumers } = await jetstreamManager(this.broker.nc, { checkAPI: false });
    for (const { stream, durable } of Object.values(robotConsumers(robotId))) {
      await consumers.delete(stream, durable).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      });
    }
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'status' in error && error.status === NOT_FOUND;
}
