import 'reflect-metadata';
import { runService } from '#libs/platform';
import { AllInOneModule } from './all-in-one.module.js';

await runService({ name: 'all-in-one', module: AllInOneModule, servesTls: true, configure: AllInOneModule.configure });
