import { readFileSync } from 'node:fs';

/** The code blocks of a page of the docs that have this language. */
export const codeBlocks = (page: string, language: string): string[] =>
  Array.from(
    page.matchAll(new RegExp(`^ *\`\`\`${language}\\n(.*?)^ *\`\`\``, 'gms')),
    ([, text = '']) => text,
  );

/** The words of the command that the image runs. */
export function imageCommand(): string[] {
  const [, command = '[]'] = /^CMD (.*)$/m.exec(readFileSync('Dockerfile', 'utf8')) ?? [];
  return JSON.parse(command);
}
