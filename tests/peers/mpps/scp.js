// MPPS and Storage Commitment SCP on dcmjs-dimse, a DIMSE stack that shares nothing with ours.
// Requests are judged by PS3.4 table F.7.2-1 (2020 edition); every one is printed as a JSON line.
// usage: node scp.js PORT
'use strict';
const { Server, Scp, Dataset, constants, responses, requests } = require('dcmjs-dimse');

const { PresentationContextResult, SopClass, TransferSyntax } = constants;
const MPPS = '1.2.840.10008.3.1.2.3.3';
const COMMITMENT = '1.2.840.10008.1.20.1';
const ACCEPTED = [MPPS, COMMITMENT, SopClass.Verification];
const STATUS = {
  success: 0x0000, notAllowed: 0x0105, invalidValue: 0x0106, failure: 0x0110,
  duplicate: 0x0111, unknown: 0x0112, missing: 0x0120, missingValue: 0x0121,
};

// type 1: present with a value; type 2: present
const STEP_ITEM = {
  1: ['StudyInstanceUID'],
  2: ['ReferencedStudySequence', 'AccessionNumber', 'RequestedProcedureID',
    'RequestedProcedureDescription', 'ScheduledProcedureStepID',
    'ScheduledProcedureStepDescription', 'ScheduledProtocolCodeSequence'],
};
const CREATE = {
  1: ['ScheduledStepAttributesSequence', 'PerformedProcedureStepID', 'PerformedStationAETitle',
    'PerformedProcedureStepStartDate', 'PerformedProcedureStepStartTime',
    'PerformedProcedureStepStatus', 'Modality'],
  2: ['PatientName', 'PatientID', 'PatientBirthDate', 'PatientSex', 'ReferencedPatientSequence',
    'PerformedStationName', 'PerformedLocation', 'PerformedProcedureStepDescription',
    'PerformedProcedureTypeDescription', 'ProcedureCodeSequence', 'PerformedProcedureStepEndDate',
    'PerformedProcedureStepEndTime', 'StudyID', 'PerformedProtocolCodeSequence',
    'PerformedSeriesSequence'],
};
const SERIES_ITEM = {
  1: ['ProtocolName', 'SeriesInstanceUID'],
  2: ['PerformingPhysicianName', 'OperatorsName', 'SeriesDescription', 'RetrieveAETitle',
    'ReferencedImageSequence', 'ReferencedNonImageCompositeSOPInstanceSequence'],
};
const FINAL = {
  1: ['PerformedProcedureStepEndDate', 'PerformedProcedureStepEndTime', 'PerformedSeriesSequence'],
  2: [],
};
const NEVER_SET = ['PatientName', 'PatientID', 'PatientBirthDate', 'PatientSex',
  'ReferencedPatientSequence', 'ScheduledStepAttributesSequence', 'Modality', 'StudyID',
  'PerformedProcedureStepID', 'PerformedStationAETitle', 'PerformedStationName',
  'PerformedLocation', 'PerformedProcedureStepStartDate', 'PerformedProcedureStepStartTime'];

const steps = new Map();

const items = (value) => (Array.isArray(value) ? value : value ? [value] : []);
const hasValue = (value) => items(value).some((one) => one !== '' && one !== null);
const answer = (status, comment = '') => ({ status, comment });

function judge(elements, table, where) {
  const absent = [...table[1], ...table[2]].find((name) => !(name in elements));
  if (absent) return answer(STATUS.missing, `${where}${absent} is missing`);
  const empty = table[1].find((name) => !hasValue(elements[name]));
  return empty ? answer(STATUS.missingValue, `${where}${empty} is empty`) : null;
}

function judgeItems(value, table, where) {
  for (const item of items(value)) {
    const fault = judge(item, table, where);
    if (fault) return answer(STATUS.invalidValue, fault.comment);
  }
  return null;
}

function create(uid, elements) {
  if (steps.has(uid)) return answer(STATUS.duplicate, 'this step exists');
  const fault = judge(elements, CREATE, '')
    || judgeItems(elements.ScheduledStepAttributesSequence, STEP_ITEM, 'step>');
  if (fault) return fault;
  if (elements.PerformedProcedureStepStatus !== 'IN PROGRESS') {
    return answer(STATUS.invalidValue, 'a step begins IN PROGRESS');
  }
  steps.set(uid, { ...elements });
  return answer(STATUS.success);
}

function set(uid, elements) {
  const step = steps.get(uid);
  if (!step) return answer(STATUS.unknown, 'no such step');
  if (step.PerformedProcedureStepStatus !== 'IN PROGRESS') {
    return { ...answer(STATUS.failure, 'may no longer be updated'), errorId: 0xA710 };
  }
  const own = Object.keys(elements).filter((name) => name !== '_vrMap');
  const foreign = own.find((name) => NEVER_SET.includes(name) || !(name in step));
  if (foreign) return answer(STATUS.notAllowed, `${foreign} cannot be set`);
  const after = { ...step, ...elements };
  if (after.PerformedProcedureStepStatus !== 'IN PROGRESS') {
    const fault = judge(after, FINAL, '');
    if (fault) return fault;
  }
  const fault = judgeItems(elements.PerformedSeriesSequence, SERIES_ITEM, 'series>');
  if (fault) return fault;
  steps.set(uid, after);
  return answer(STATUS.success);
}

class Ris extends Scp {
  associationRequested(association) {
    this.association = association;
    for (const { id } of association.getPresentationContexts()) {
      const context = association.getPresentationContext(id);
      const wanted = [TransferSyntax.ExplicitVRLittleEndian, TransferSyntax.ImplicitVRLittleEndian];
      const syntax = wanted.find((one) => context.getTransferSyntaxUids().includes(one));
      if (syntax && ACCEPTED.includes(context.getAbstractSyntaxUid())) {
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

  nCreateRequest(request, done) {
    const uid = request.getAffectedSopInstanceUid();
    const elements = this.elements(request);
    const verdict = create(uid, elements);
    this.tell('N-CREATE', uid, elements, verdict);
    this.reply(responses.NCreateResponse.fromRequest(request), verdict, done);
  }

  nSetRequest(request, done) {
    const uid = request.getRequestedSopInstanceUid();
    const elements = this.elements(request);
    const verdict = set(uid, elements);
    this.tell('N-SET', uid, elements, verdict);
    this.reply(responses.NSetResponse.fromRequest(request), verdict, done);
  }

  nActionRequest(request, done) {
    const elements = this.elements(request);
    const verdict = answer(STATUS.success);
    this.tell('N-ACTION', request.getRequestedSopInstanceUid(), elements, verdict);
    this.reply(responses.NActionResponse.fromRequest(request), verdict, done);
    const report = new requests.NEventReportRequest(COMMITMENT, '1.2.840.10008.1.20.1.1', 1);
    report.setDataset(new Dataset({
      TransactionUID: elements.TransactionUID,
      ReferencedSOPSequence: items(elements.ReferencedSOPSequence),
    }));
    report.on('response', (response) => this.tell('REPORTED', '', {}, answer(response.getStatus())));
    this.sendRequests(report);
  }

  associationReleaseRequested() {
    this.sendAssociationReleaseResponse();
  }

  abort() {}

  elements(request) {
    const dataset = request.getDataset();
    return dataset ? dataset.getElements() : {};
  }

  reply(response, { status, comment, errorId }, done) {
    response.setStatus(status);
    if (comment) response.setErrorComment(comment);
    if (errorId) response.getCommandDataset().setElement('ErrorID', errorId);
    done(response);
  }

  tell(message, uid, elements, { status, comment }) {
    const { _vrMap, ...plain } = elements;
    console.log(JSON.stringify({ message, uid, status, comment, elements: plain }));
  }
}

const server = new Server(Ris);
server.on('networkError', (error) => console.error(error.message || error));
server.listen(Number(process.argv[2]), { host: '127.0.0.1' });
