/**
 * The same function, with its latest answer kept for the next one who asks the same. For what hardly ever changes from
 * one request to the next, such as what follows from a header.
 */
export function rememberLatest<const Asked, Answer>(
  answer: (asked: Asked) => Answer,
): (asked: Asked) => Answer {
  let latest: { asked: Asked; answer: Answer } | undefined;
  return (asked) => {
    if (latest?.asked !== asked) latest = { asked, answer: answer(asked) };
    return latest.answer;
  };
}
