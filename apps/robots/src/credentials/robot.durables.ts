import { Injectable } from '@nestjs/common';
import { robotConsumers } from '#libs/contracts';
import { BrokerConnection, provisionConsumer } from '#libs/jetstream';

/** The durables that keep a robot's commands and desired settings while it is away. */
@Injectable()
export class RobotDurables {
  constructor(private readonly broker: BrokerConnection) {}

  async provision(robotId: string): Promise<void> {
    const { commands, settings } = robotConsumers(robotId);
    await Promise.all([provisionConsumer(this.broker, commands), provisionConsumer(this.broker, settings)]);
  }
}
