// Files that only grow: made, appended to at their end, read at any place, removed whole. The port and what each driver promises.

export interface SegmentInfo {
  readonly name: string
  readonly bytes: number
}

export interface SegmentStore {
  /** In the order of their names. */
  list(): Promise<readonly SegmentInfo[]>
  /** A segment of its own name, durable as a name; fails when it is there. */
  create(name: string): Promise<SegmentAppender>
  /** To go on at the end of one that is there. */
  open(name: string): Promise<SegmentAppender>
  /** At most `length` bytes from `offset`, fewer at the end; undefined when there is no such segment. */
  read(name: string, offset: number, length: number): Promise<Buffer | undefined>
  /** Nothing happens when it is not there. */
  remove(name: string): Promise<void>
}

/** One writer of one segment; its calls must not overlap. */
export interface SegmentAppender {
  readonly name: string
  /** What the segment holds whole: a failed append is not counted. */
  readonly bytes: number
  /** All of it, or an error, after which the segment is as it was, at the latest before the next append. */
  append(bytes: Uint8Array): Promise<void>
  /** What was appended outlives a power loss then. */
  sync(): Promise<void>
  /** Cuts the end off. */
  truncate(bytes: number): Promise<void>
  close(): Promise<void>
}
