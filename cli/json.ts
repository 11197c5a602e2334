/** The body of an answer of our own server, whose shape its tests hold. */
export async function jsonOf<T>(response: Response): Promise<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own server's document
  return (await response.json()) as T
}
