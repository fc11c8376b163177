import { Controller } from '@nestjs/common';
import { ORCHESTRATORS_REQUESTS, type OrchestratorContact, type StreamOpening } from '#libs/contracts';
import { Answers } from '#libs/jetstream';
import { ContactRepository } from './contact.repository.js';
import { PresenceRepository } from './presence.repository.js';

const DONE = { ok: true } as const;

@Controller()
export class ContactResponder {
  constructor(
    private readonly contacts: ContactRepository,
    private readonly presence: PresenceRepository,
  ) {}

  @Answers(ORCHESTRATORS_REQUESTS.contacts)
  async note({ contacts }: { contacts: readonly OrchestratorContact[] }): Promise<typeof DONE> {
    await this.contacts.note(contacts);
    return DONE;
  }

  @Answers(ORCHESTRATORS_REQUESTS.opening)
  opening({ assigned_id }: { assigned_id: string }): Promise<StreamOpening> {
    return this.contacts.opening(assigned_id);
  }

  @Answers(ORCHESTRATORS_REQUESTS.noteSynced)
  async noteSynced({ entity_id, assigned_id }: { entity_id: string; assigned_id: string }): Promise<typeof DONE> {
    await this.contacts.noteSynced(entity_id, assigned_id);
    return DONE;
  }

  @Answers(ORCHESTRATORS_REQUESTS.listening)
  async listening(): Promise<typeof DONE> {
    await this.presence.noteListening();
    return DONE;
  }
}
