#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { docsHint } from './config-warnings.ts';

/** The command of the package. It loads each command only if it is used, because that takes time and memory. */

const usage = `A GraphQL API over Spotify's Web API.

  spotify-graphql-gateway            starts the gateway with the environment variables, and those of .env in this folder;
                                     without credentials it serves made-up music from the sandbox
  spotify-graphql-gateway sandbox    starts the sandbox alone, a local stand-in for Spotify (--help lists its options)
  spotify-graphql-gateway doctor     examines the Spotify app of the configured credentials (--help lists its options)
  spotify-graphql-gateway --help     prints this text
  spotify-graphql-gateway --version  prints the version

${docsHint}
`;

const [command, ...args] = process.argv.slice(2);

if (command === undefined) {
  await import('./server.ts');
} else if (command === 'sandbox') {
  const { runSandboxCommand } = await import('./sandbox/command.ts');
  await runSandboxCommand(args, 'npx spotify-graphql-gateway');
} else if (command === 'doctor') {
  const { runDoctorCommand } = await import('./doctor/command.ts');
  const { loadDotenv } = await import('./process/dotenv.ts');
  process.exitCode = await runDoctorCommand(args, {
    environment() {
      for (const warning of loadDotenv()) process.stderr.write(`${warning}\n`);
      return process.env;
    },
    print: (text) => process.stdout.write(`${text}\n`),
    printError: (text) => process.stderr.write(`${text}\n`),
  });
} else if (command === '--help' || command === '-h') {
  process.stdout.write(usage);
} else if (command === '--version') {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  process.stdout.write(`${version}\n`);
} else if (command.startsWith('-')) {
  process.stderr.write(
    `There is no option ${JSON.stringify(command)}: settings are environment variables, such as PORT=4001.\n${docsHint}\n`,
  );
  process.exitCode = 1;
} else {
  process.stderr.write(`There is no command ${JSON.stringify(command)}; --help lists the commands.\n`);
  process.exitCode = 1;
}
