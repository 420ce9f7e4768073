// Print SCP on dcmjs-dimse, a DIMSE stack that shares nothing with ours: grey and colour, Presentation
// LUT, annotation, print jobs that report by themselves. Required attributes are those of PS3.4
// tables H.4-2 to H.4-12; every request is printed as a JSON line, pixels as their SHA-256.
// usage: node print.js PORT
'use strict';
const { createHash } = require('crypto');
const { Server, Scp, Dataset, constants, responses, requests } = require('dcmjs-dimse');

const { PresentationContextResult, SopClass, TransferSyntax } = constants;
const UID = (end) => `1.2.840.10008.5.1.1.${end}`;
const [GREY, COLOUR, SESSION, FILM, LUT] = ['9', '18', '1', '2', '23'].map(UID);
const [JOB, NOTE, PRINTER] = ['14', '15', '16'].map(UID);
const ACCEPTED = [GREY, COLOUR, LUT, JOB, NOTE, SopClass.Verification];
const STATUS = { success: 0x0000, invalidValue: 0x0106, unknown: 0x0112, missing: 0x0120 };
const REQUIRED = {
  [SESSION]: [],
  [FILM]: ['ImageDisplayFormat', 'ReferencedFilmSessionSequence'],
  [LUT]: [],
};
const IMAGE = ['SamplesPerPixel', 'PhotometricInterpretation', 'Rows', 'Columns', 'BitsAllocated',
  'BitsStored', 'HighBit', 'PixelRepresentation', 'PixelData'];

const items = (value) => (Array.isArray(value) ? value : value ? [value] : []);
const answer = (status, comment = '') => ({ status, comment });
let numbered = 0;
const fresh = () => `2.25.${Date.now()}${(numbered += 1)}`;
const reference = (sopClass, uid) => ({
  ReferencedSOPClassUID: sopClass, ReferencedSOPInstanceUID: uid,
});

function digest(value) {
  const hash = createHash('sha256');
  for (const part of items(value)) hash.update(Buffer.from(part));
  return hash.digest('hex');
}

class FilmPrinter extends Scp {
  associationRequested(association) {
    this.colour = false;
    this.known = new Map();
    for (const { id } of association.getPresentationContexts()) {
      const context = association.getPresentationContext(id);
      const wanted = [TransferSyntax.ExplicitVRLittleEndian, TransferSyntax.ImplicitVRLittleEndian];
      const syntax = wanted.find((one) => context.getTransferSyntaxUids().includes(one));
      if (syntax && ACCEPTED.includes(context.getAbstractSyntaxUid())) {
        this.colour = this.colour || context.getAbstractSyntaxUid() === COLOUR;
        context.setResult(PresentationContextResult.Accept, syntax);
      } else {
        context.setResult(PresentationContextResult.RejectAbstractSyntaxNotSupported);
      }
    }
    this.sendAssociationAccept();
  }

  cEchoRequest(request, done) {
    this.reply(responses.CEchoResponse.fromRequest(request), answer(STATUS.success), done);
  }

  nGetRequest(request, done) {
    const response = responses.NGetResponse.fromRequest(request);
    const uid = request.getRequestedSopInstanceUid();
    const told = uid.startsWith(PRINTER)
      || uid === '1.2.840.10008.5.1.1.17'
      ? { PrinterStatus: 'NORMAL', PrinterStatusInfo: 'NORMAL', PrinterName: 'JSFILM' }
      : { ExecutionStatus: 'PRINTING', ExecutionStatusInfo: 'NORMAL' };
    response.setDataset(new Dataset(told));
    this.tell('N-GET', uid, {}, answer(STATUS.success));
    this.reply(response, answer(STATUS.success), done);
  }

  nCreateRequest(request, done) {
    const response = responses.NCreateResponse.fromRequest(request);
    const sopClass = request.getAffectedSopClassUid();
    const uid = request.getAffectedSopInstanceUid();
    const elements = this.elements(request);
    const absent = (REQUIRED[sopClass] || []).find((name) => !(name in elements));
    const verdict = absent ? answer(STATUS.missing, `${absent} is missing`) : answer(STATUS.success);
    if (verdict.status === STATUS.success) {
      this.known.set(uid, elements);
      if (sopClass === FILM) response.setDataset(new Dataset(this.filmBox(elements)));
    }
    this.tell('N-CREATE', uid, { ...elements, sopClass }, verdict);
    this.reply(response, verdict, done);
  }

  filmBox(elements) {
    const text = items(elements.ImageDisplayFormat).join('\\');
    const [columns, rows] = text.split('\\')[1].split(',').map(Number);
    const box = this.colour ? UID('4.1') : UID('4');
    const images = Array.from({ length: columns * rows }, () => reference(box, fresh()));
    const made = { ImageDisplayFormat: text, ReferencedImageBoxSequence: images };
    images.forEach((one) => this.known.set(one.ReferencedSOPInstanceUID, {}));
    if (elements.AnnotationDisplayFormatID) {
      const notes = [1, 2].map(() => reference(NOTE, fresh()));
      notes.forEach((one) => this.known.set(one.ReferencedSOPInstanceUID, {}));
      made.ReferencedBasicAnnotationBoxSequence = notes;
    }
    return made;
  }

  nSetRequest(request, done) {
    const uid = request.getRequestedSopInstanceUid();
    const { BasicGrayscaleImageSequence: grey, BasicColorImageSequence: colour, ...rest } =
      this.elements(request);
    const [image] = items(grey || colour);
    let verdict = answer(this.known.has(uid) ? STATUS.success : STATUS.unknown);
    if (image) {
      const absent = IMAGE.find((name) => !(name in image));
      if (absent) verdict = answer(STATUS.missing, `${absent} is missing`);
      if (colour && image.PlanarConfiguration !== 1) {
        verdict = answer(STATUS.invalidValue, 'colours come by plane');
      }
      const { PixelData: pixels, _vrMap, ...shape } = image;
      rest.image = { ...shape, sha256: digest(pixels) };
    }
    this.tell('N-SET', uid, rest, verdict);
    this.reply(responses.NSetResponse.fromRequest(request), verdict, done);
  }

  nActionRequest(request, done) {
    const response = responses.NActionResponse.fromRequest(request);
    const uid = request.getRequestedSopInstanceUid();
    const verdict = answer(this.known.has(uid) ? STATUS.success : STATUS.unknown);
    const job = fresh();
    response.setDataset(new Dataset({
      RETIRED_ReferencedPrintJobSequencePullStoredPrint: [reference(JOB, job)],
    }));
    this.tell('N-ACTION', uid, { job }, verdict);
    this.reply(response, verdict, done);
    this.report(job, 2, () => this.report(job, 3, () => {}));
  }

  report(job, event, next) {
    const report = new requests.NEventReportRequest(JOB, job, event);
    report.setDataset(new Dataset({ ExecutionStatusInfo: 'NORMAL', PrinterName: 'JSFILM' }));
    report.on('response', (response) => {
      this.tell('REPORTED', job, { event }, answer(response.getStatus()));
      next();
    });
    this.sendRequests(report);
  }

  nDeleteRequest(request, done) {
    const uid = request.getRequestedSopInstanceUid();
    const verdict = answer(this.known.delete(uid) ? STATUS.success : STATUS.unknown);
    this.tell('N-DELETE', uid, {}, verdict);
    this.reply(responses.NDeleteResponse.fromRequest(request), verdict, done);
  }

  associationReleaseRequested() {
    this.sendAssociationReleaseResponse();
  }

  abort() {}

  elements(request) {
    const dataset = request.getDataset();
    if (!dataset) return {};
    const { _vrMap, ...plain } = dataset.getElements();
    return plain;
  }

  reply(response, { status, comment }, done) {
    response.setStatus(status);
    if (comment) response.setErrorComment(comment);
    done(response);
  }

  tell(message, uid, elements, { status, comment }) {
    console.log(JSON.stringify({ message, uid, status, comment, elements }));
  }
}

const server = new Server(FilmPrinter);
server.on('networkError', (error) => console.error(error.message || error));
server.listen(Number(process.argv[2]), { host: '127.0.0.1' });
