import { expect, onTestFinished, test } from 'vitest';
import { startGateway } from '../dev/gateway.ts';

/** The lines of a gateway that starts with a misspelled variable, without credentials. */
async function linesOf(isTerminal: boolean): Promise<string[]> {
  const lines: string[] = [];
  const environment = {
    SPOTIFY_CLIENT_ID: '',
    SPOTIFY_CLIENT_SECRET: '',
    SPOTIFY_MARKT: 'DE',
    DATA_DIR: 'none',
  };
  const gateway = await startGateway(environment, (line) => lines.push(line), isTerminal);
  onTestFinished(gateway.stop);
  return lines;
}

const warning = 'The variable SPOTIFY_MARKT is not read: did you mean SPOTIFY_MARKET?';

test("in a terminal, the log of the page's gateway is lines for people, and no line is JSON", async () => {
  const lines = await linesOf(true);
  expect(lines).toContainEqual(expect.stringMatching(/^\d\d:\d\d:\d\d WARN /));
  expect(lines.map((line) => line.slice('00:00:00 '.length))).toContain(`WARN ${warning}`);
  expect(lines.filter((line) => line.startsWith('{'))).toEqual([]);
});

test("outside of a terminal, the log of the page's gateway is JSON", async () => {
  const entries = (await linesOf(false)).filter((line) => line.startsWith('{'));
  expect(entries.map((line) => JSON.parse(line))).toContainEqual(
    expect.objectContaining({ level: 'warn', msg: warning }),
  );
});
