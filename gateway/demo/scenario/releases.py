"""The elements that the agreements of the demonstration release, as a district would write them."""

ROSTERING = """\
elements:
  - {path: organization.*, action: allow}
  - {path: session.*, action: allow}
  - {path: course.*, action: allow}
  - {path: offering.*, action: allow}
  - {path: section.*, action: allow}
  - {path: student.id, action: allow}
  - {path: student.name, action: allow}
  - {path: student.email, action: allow}
  - {path: student.username, action: allow}
  - {path: student.enabled, action: allow}
  - {path: staff.id, action: allow}
  - {path: staff.name, action: allow}
  - {path: staff.email, action: allow}
  - {path: staff.enabled, action: allow}
  - {path: employment.*, action: allow}
  - {path: enrollment.*, action: allow}
  - {path: placement.*, action: allow}
  - {path: teaching.*, action: allow}
"""

TUTORING = """\
population:
  all:
    - {{school: {{in: [{schools}]}}}}
    - {{grade: {{in: ["03", "04", "05"]}}}}
    - {{enrollment: active}}
elements:
  - {{path: organization.id, action: allow}}
  - {{path: organization.name, action: allow}}
  - {{path: organization.kind, action: allow}}
  - {{path: organization.identifier, action: allow}}
  - {{path: section.id, action: allow}}
  - {{path: section.title, action: allow}}
  - {{path: section.school, action: allow}}
  - {{path: student.id, action: allow}}
  - {{path: student.name.given, action: allow}}
  - {{path: student.name.family, action: initial}}
  - {{path: student.birthDate, action: year}}
  - {{path: enrollment.id, action: allow}}
  - {{path: enrollment.student, action: allow}}
  - {{path: enrollment.school, action: allow}}
  - {{path: enrollment.grade, action: allow}}
  - {{path: enrollment.entry, action: allow}}
  - {{path: placement.id, action: allow}}
  - {{path: placement.student, action: allow}}
  - {{path: placement.section, action: allow}}
"""

ANALYTICS = """\
elements:
  - {path: organization.*, action: allow}
  - {path: session.*, action: allow}
  - {path: course.*, action: allow}
  - {path: offering.*, action: allow}
  - {path: section.*, action: allow}
  - {path: student.id, action: pseudonym}
  - {path: student.birthDate, action: year}
  - {path: student.sex, action: allow}
  - {path: enrollment.*, action: allow}
  - {path: placement.*, action: allow}
"""

EVERYTHING = """\
elements:
  - {path: "*", action: allow}
"""

MENTORING = """\
population:
  all:
    - {consent: {form: mentoring, status: granted}}
    - {enrollment: active}
retention: {deleteWithin: P30D, after: [withdrawal, expiry], certificate: required}
elements:
  - {path: organization.id, action: allow}
  - {path: organization.name, action: allow}
  - {path: organization.kind, action: allow}
  - {path: organization.identifier, action: allow}
  - {path: student.id, action: allow}
  - {path: student.name.given, action: allow}
  - {path: student.name.family, action: allow}
  - {path: profile.id, action: allow}
  - {path: profile.student, action: allow}
  - {path: profile.organization, action: allow}
  - {path: student.address, action: allow}
  - {path: enrollment.id, action: allow}
  - {path: enrollment.student, action: allow}
  - {path: enrollment.school, action: allow}
  - {path: enrollment.grade, action: allow}
  - {path: enrollment.entry, action: allow}
"""
