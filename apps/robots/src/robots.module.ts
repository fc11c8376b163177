import { Module } from '@nestjs/common';
import { SchemaModule } from '#libs/database';
import { OutboxModule } from '#libs/outbox';
import { BrokerAccount } from './credentials/broker.account.js';
import { CredentialRepository } from './credentials/credential.repository.js';
import { CredentialService } from './credentials/credential.service.js';
import { CredentialsResponder } from './credentials/credentials.responder.js';
import { RevocationSweeper } from './credentials/revocation.sweeper.js';
import { RobotDurables } from './credentials/robot.durables.js';
import { IntroductionRepository } from './introductions/introduction.repository.js';
import { IntroductionSweeper } from './introductions/introduction.sweeper.js';
import { Robots0001 } from './migrations/0001-robots.js';
import { Robots0002 } from './migrations/0002-received-text.js';
import { Ears } from './presence/ears.js';
import { PresenceRepository } from './presence/presence.repository.js';
import { PresenceSweeper } from './presence/presence.sweeper.js';
import { FleetRepository } from './registry/fleet.repository.js';
import { FleetService } from './registry/fleet.service.js';
import { LifeIngest } from './registry/life.ingest.js';
import { MetadataForwarder } from './registry/metadata.forwarder.js';
import { MetadataService } from './registry/metadata.service.js';
import { Registrar } from './registry/registrar.js';
import { RegistryResponder } from './registry/registry.responder.js';
import { Robot } from './registry/robot.entity.js';
import { RobotRepository } from './registry/robot.repository.js';
import { RobotPublisher } from './robot.publisher.js';
import { RobotsMetrics } from './robots.metrics.js';
import { RobotsSettings } from './robots.settings.js';
import { DesiredRepository } from './settings/desired.repository.js';
import { DesiredService } from './settings/desired.service.js';
import { ReportedIngest } from './settings/reported.ingest.js';
import { ReportedRepository } from './settings/reported.repository.js';
import { SettingsResponder } from './settings/settings.responder.js';
import { CapabilityIngest } from './snapshots/capability.ingest.js';
import { CapabilityRepository } from './snapshots/capability.repository.js';
import { HistoryRepository } from './snapshots/history.repository.js';
import { IdentityFeed } from './snapshots/identity.feed.js';
import { IdentityIngest } from './snapshots/identity.ingest.js';
import { IdentityReader } from './snapshots/identity.reader.js';
import { IdentityRepository } from './snapshots/identity.repository.js';
import { CapabilitySnapshot, IdentitySnapshot } from './snapshots/snapshot.entity.js';
import { SnapshotPruner } from './snapshots/snapshot.pruner.js';
import { SnapshotsResponder } from './snapshots/snapshots.responder.js';
import { StatusIngest } from './status/status.ingest.js';
import { StatusRepository } from './status/status.repository.js';
import { StatusResponder } from './status/status.responder.js';

const REGISTRY = [Registrar, FleetService, MetadataService, MetadataForwarder, FleetRepository, RobotRepository];
const SNAPSHOTS = [
  IdentityReader,
  IdentityFeed,
  IdentityRepository,
  CapabilityRepository,
  HistoryRepository,
  SnapshotPruner,
];
const SETTINGS = [DesiredService, DesiredRepository, ReportedRepository];
const PRESENCE = [PresenceSweeper, Ears, PresenceRepository];
const CREDENTIALS = [CredentialService, RevocationSweeper, BrokerAccount, RobotDurables, CredentialRepository];
const OUTGOING = [IntroductionSweeper, IntroductionRepository, RobotPublisher];

@Module({
  imports: [
    SchemaModule.forFeature({
      schema: 'robots',
      entities: [Robot, IdentitySnapshot, CapabilitySnapshot],
      migrations: [Robots0001, Robots0002],
    }),
    OutboxModule.forFeature('robots'),
  ],
  controllers: [
    LifeIngest,
    IdentityIngest,
    CapabilityIngest,
    StatusIngest,
    ReportedIngest,
    RegistryResponder,
    SnapshotsResponder,
    StatusResponder,
    SettingsResponder,
    CredentialsResponder,
  ],
  providers: [
    RobotsSettings,
    ...REGISTRY,
    ...SNAPSHOTS,
    StatusRepository,
    ...SETTINGS,
    ...PRESENCE,
    ...CREDENTIALS,
    ...OUTGOING,
    RobotsMetrics,
  ],
})
export class RobotsModule {}
