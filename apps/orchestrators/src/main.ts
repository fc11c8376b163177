import 'reflect-metadata';
import { runService } from '#libs/platform';
import { OrchestratorsModule } from './orchestrators.module.js';

await runService({ name: 'orchestrators', module: OrchestratorsModule });
