/** What a screen is drawn on. */
export interface Surface {
  write(text: string): unknown;
}

const ESC = '\u001b[';
/** Other screen, no cursor, no wrapping of what a width was misjudged of, all empty. */
const ENTER = `${ESC}?1049h${ESC}?25l${ESC}?7l${ESC}2J`;
const LEAVE = `${ESC}?7h${ESC}?25h${ESC}?1049l`;

/** The whole of a terminal; a frame writes only the lines that are not there already. */
export class Screen {
  readonly #surface: Surface;
  #shown: readonly string[] = [];
  #isOn = false;

  constructor(surface: Surface) {
    this.#surface = surface;
  }

  enter(): void {
    this.#isOn = true;
    this.#shown = [];
    this.#surface.write(ENTER);
  }

  /** Gives the terminal back as it was. Safe to call at any time, and more than once. */
  leave(): void {
    if (!this.#isOn) return;
    this.#isOn = false;
    this.#surface.write(LEAVE);
  }

  /** The terminal was resized, and shows who knows what. */
  forget(): void {
    if (this.#isOn) this.#surface.write(`${ESC}2J`);
    this.#shown = [];
  }

  draw(lines: readonly string[]): void {
    if (!this.#isOn) return;
    let output = '';
    const rows = Math.max(lines.length, this.#shown.length);
    for (let row = 0; row < rows; row += 1) {
      const line = lines[row] ?? '';
      if (line !== (this.#shown[row] ?? '')) output += `${ESC}${row + 1};1H${line}${ESC}K`;
    }
    this.#shown = lines;
    if (output !== '') this.#surface.write(output);
  }
}
