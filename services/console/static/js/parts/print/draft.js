/** What is to be printed, as the person lays it out; `film` is what the box understands. */

const MOST_COPIES = 99;

/** @typedef {{sop_instance_uid: string, frame: number, window: ?{center: number, width: number}}} Placed */

export class Draft {
  /** @param {Object} found answer of /api/print/<exam> with a layout */
  constructor(found) {
    this.copies = found.film.copies;
    this.sheet = 0;
    this.places = found.film.sheets.flatMap((sheet) => sheet.images.map(placed));
    const [first] = found.film.sheets;
    Object.assign(this, { size: first.film_size, format: first.display_format, orientation: first.orientation,
      polarity: first.polarity, trueSize: first.true_size });
    this.adopt(found);
  }

  /** Take another printer; what it can do as well stays as it was chosen. */
  adopt(found) {
    const [first] = found.film.sheets;
    this.printer = found.printer;
    this.options = found.options;
    this.template = found.film;
    if (!this.options.film_sizes.some((each) => each.id === this.size)) this.size = first.film_size;
    if (!this.options.formats.some((each) => each.id === this.format)) this.lay(first.display_format);
    if (!this.options.true_size) this.trueSize = false;
    this.copies = Math.min(this.copies, this.mostCopies);
  }

  get mostCopies() {
    return Math.min(MOST_COPIES, this.options.most_copies);
  }

  /** Boxes of a sheet. */
  get room() {
    return this.options.formats.find((each) => each.id === this.format).boxes;
  }

  /** Sheets that are there: those with pictures, and the one that is looked at. */
  get sheets() {
    return Math.max(this.sheet + 1, Math.ceil(this.used / this.room));
  }

  /** Places up to the last one that has a picture. */
  get used() {
    return this.places.findLastIndex(Boolean) + 1;
  }

  get pictures() {
    return this.places.filter(Boolean);
  }

  /** What is in a box of the sheet that is looked at. */
  at(box) {
    return this.places[this.sheet * this.room + box] || null;
  }

  put(box, image) {
    this.places[this.sheet * this.room + box] = image;
    for (let index = 0; index < this.places.length; index += 1) this.places[index] = this.places[index] || null;
  }

  swap(one, other) {
    const kept = this.at(one);
    this.put(one, this.at(other));
    this.put(other, kept);
  }

  /** Choose a layout: pictures close up and keep their order. */
  lay(format) {
    this.places = this.pictures;
    this.format = format;
    this.sheet = 0;
  }

  /** Put these images on as many sheets as they need. */
  fill(uids) {
    this.places = uids.map((uid) => ({ sop_instance_uid: uid, frame: 1, window: null }));
    this.sheet = 0;
  }

  /** Whether the next sheet can be looked at: it has pictures, or can be begun. */
  get mayTurn() {
    return this.sheet + 1 < this.sheets || this.places.slice(this.sheet * this.room).some(Boolean);
  }

  /**
   * The job for the box.
   * @param {boolean} whole also with sheets that are empty, for the preview
   */
  film(whole) {
    const sheets = [];
    for (let start = 0; start < this.sheets * this.room; start += this.room) {
      const images = Array.from({ length: this.room }, (_, box) => this.places[start + box] || null);
      if (whole || images.some(Boolean)) sheets.push(this.asSheet(images));
    }
    return { ...this.template, sheets, copies: this.copies };
  }

  asSheet(images) {
    return { ...this.template.sheets[0], images, film_size: this.size, display_format: this.format,
      orientation: this.orientation, polarity: this.polarity, true_size: this.trueSize };
  }
}

function placed(image) {
  return image && { sop_instance_uid: image.sop_instance_uid, frame: image.frame, window: image.window };
}
